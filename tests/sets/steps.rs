//! A sidecar that dies at a step of a set: what is listed afterwards is whole, and can be restored.

use super::{application, destroy, events, sets, state, upload};
use crate::harness::within;

#[test]
fn whatever_step_it_dies_at_every_listed_set_comes_back() {
    let points = [
        ("set-members", 1),
        ("set-member", 1),
        ("set-member", 2),
        ("set-resume", 1),
        ("set-list", 1),
        ("set-commit", 1),
        ("set-end", 1),
    ];
    for (point, time) in points {
        let sidecar = application();
        let dying = sidecar.env("SIDECAR_TEST_FAULT", &format!("{point}@{time}=kill"));
        let run = dying.start(&["backup"]).finish();
        assert_eq!(run.code, None, "{point}: {}", run.stderr);
        let sidecar = dying.env("SIDECAR_TEST_FAULT", "");
        within(std::time::Duration::from_secs(30), point, || {
            (events(&sidecar) == ["on", "off"]).then_some(())
        });
        let known = usize::from(point == "set-end");
        assert_eq!(sets(&sidecar), known, "{point}");
        // The next run goes on from there.
        sidecar.backup().succeeds();
        assert_eq!(sets(&sidecar), known + 1, "{point}");
        destroy(&sidecar);
        sidecar.run(&["restore", "latest", "--set"]).succeeds();
        let came_back = (state(&sidecar), upload(&sidecar));
        assert_eq!(
            came_back,
            ("state 1".to_owned(), Some("first".to_owned())),
            "{point}"
        );
    }
}
