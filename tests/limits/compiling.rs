//! Compiling a stranger's file: bounded in memory, away from the sidecar.

use std::fs;

use crate::harness::{ControlGroup, Sidecar, component, skip};

/// A component with a module of one large function beside what it is made of.
fn with_a_large_function(bytes: usize) -> Vec<u8> {
    // Loads and stores, of which no optimiser removes any: `i32.const 0; i32.const 0; i32.load; i32.const 1; i32.add;
    // i32.store`. Each of their bytes takes some 350 of the compiler.
    let step = [0x41, 0, 0x41, 0, 0x28, 2, 0, 0x41, 1, 0x6a, 0x36, 2, 0];
    let mut body = vec![0];
    for _ in 0..bytes / step.len() {
        body.extend(step);
    }
    body.push(0x0b);
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    // A type, a function of it, a memory of one page.
    module.extend(section(1, &[1, 0x60, 0, 0]));
    module.extend(section(3, &[1, 0]));
    module.extend(section(5, &[1, 0, 1]));
    let function = [leb(body.len()), body].concat();
    module.extend(section(10, &[vec![1], function].concat()));
    let mut component = fs::read(component("hello")).unwrap();
    component.extend(section(1, &module));
    component
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [vec![id], leb(content.len()), content.to_vec()].concat()
}

/// A number as WebAssembly writes it.
fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let more = number >> 7;
        bytes.push((number & 0x7f) as u8 | if more > 0 { 0x80 } else { 0 });
        number = more;
        if number == 0 {
            return bytes;
        }
    }
}

#[test]
fn a_file_that_asks_the_compiler_for_gigabytes_is_refused_and_the_sidecar_lives() {
    let group = match ControlGroup::with_memory(256 << 20) {
        Ok(group) => group,
        Err(why) => return skip("limits::compiling::a_file_that_asks", &why),
    };
    let sidecar = Sidecar::new();
    let file = sidecar.folder().join("large.wasm");
    fs::write(&file, with_a_large_function(1 << 20)).unwrap();
    let arguments = ["module", "inspect", file.to_str().unwrap()];
    let inspect =
        || sidecar.run_within_without_config(|command| group.command(command), &arguments);
    let run = inspect();
    assert_eq!(run.code, Some(3), "{run:?}");
    let why = "compiling it takes more than 256 MiB of memory";
    assert!(run.stderr.contains(why), "{run:?}");
    // The same file with a small function is only odd.
    fs::write(&file, with_a_large_function(1 << 10)).unwrap();
    assert!(inspect().succeeds().stdout.contains("hello"));
}

#[test]
fn a_file_that_is_larger_than_any_component_is_not_read() {
    let sidecar = Sidecar::new();
    let file = sidecar.folder().join("endless.wasm");
    fs::File::create(&file).unwrap().set_len(1 << 40).unwrap();
    let run = sidecar.run_without_config(&["module", "inspect", file.to_str().unwrap()]);
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(run.stderr.contains("more than 128 MiB"), "{run:?}");
}

#[test]
fn a_file_that_a_small_container_could_not_hold_is_not_read_there() {
    let group = match ControlGroup::with_memory(256 << 20) {
        Ok(group) => group,
        Err(why) => return skip("limits::compiling::a_file_that_a_small_container", &why),
    };
    let sidecar = Sidecar::new();
    let file = sidecar.folder().join("huge.wasm");
    let mut wasm = fs::read(component("hello")).unwrap();
    // A section that says nothing, of 100 MiB.
    wasm.extend(section(0, &[&[1, b'x'][..], &vec![0; 100 << 20]].concat()));
    fs::write(&file, wasm).unwrap();
    for verb in ["inspect", "test"] {
        let arguments = ["module", verb, file.to_str().unwrap()];
        let run = sidecar.run_within_without_config(|command| group.command(command), &arguments);
        assert_eq!(run.code, Some(3), "{run:?}");
        assert!(run.stderr.contains("more than 32 MiB"), "{run:?}");
    }
}
