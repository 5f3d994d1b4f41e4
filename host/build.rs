//! Says where the embedded components come from: `plugins/prebuilt`, or the folder in
//! `SIDECAR_PLUGINS` (the tests embed what they have just built).

fn main() {
    let prebuilt = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/prebuilt");
    let folder = std::env::var_os("SIDECAR_PLUGINS").map_or(prebuilt, Into::into);
    println!("cargo::rerun-if-env-changed=SIDECAR_PLUGINS");
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rustc-env=SIDECAR_PLUGINS={}", folder.display());
}
