//! Shell lines that run before a program which the sidecar's commands call, or in its place.

use std::os::unix::fs::PermissionsExt as _;

use super::{Gate, Sidecar};

impl Sidecar {
    /// Every call of `program` first runs `hook`, in bash, with the program's arguments. In it, `real` is the program, and
    /// `stop` waits at the gate, the first time.
    pub(crate) fn hooked(self, program: &str, hook: &str, gate: &Gate) -> Self {
        let tools = self.folder().join("tools");
        std::fs::create_dir_all(&tools).unwrap();
        let script = format!(
            "#!/bin/bash\nreal() {{ \"$(PATH=${{PATH#*:}} command -v {program})\" \"$@\"; }}\n\
             stop() {{ [ -e '{0}/passed' ] || {{ : >'{0}/passed'; {1} >/dev/null; }}; }}\n{hook}\nreal \"$@\"\n",
            tools.display(),
            gate.wait()
        );
        let file = tools.join(program);
        std::fs::write(&file, script).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = std::env::var("PATH").unwrap();
        self.env("PATH", &format!("{}:{path}", tools.display()))
    }

    /// Programs are called as they are again.
    pub(crate) fn unhooked(self) -> Self {
        let path = std::env::var("PATH").unwrap();
        self.env("PATH", &path)
    }
}
