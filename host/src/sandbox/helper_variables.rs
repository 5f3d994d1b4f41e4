//! The variables that help commands and modules to find the paths of their run.

use std::path::Path;

use crate::config::Paths;

/// Names and values; `drive_folder_id` is the orchestrator's.
pub fn helper_variables(
    paths: &Paths,
    strategy: &str,
    drive_folder_id: Option<&str>,
) -> Vec<(String, String)> {
    let path = |path: &Path| path.to_string_lossy().into_owned();
    let mut variables = vec![
        ("SIDE_CAR_WORKDIR".to_owned(), path(&paths.workdir)),
        ("SIDE_CAR_ARTIFACTS_DIR".to_owned(), path(&paths.artifacts)),
        ("SIDE_CAR_TEMP_DUMP".to_owned(), path(&paths.temp_dump)),
        ("SIDE_CAR_STRATEGY".to_owned(), strategy.to_owned()),
    ];
    if let Some(id) = drive_folder_id {
        variables.push(("SIDE_CAR_DRIVE_FOLDER_ID".to_owned(), id.to_owned()));
    }
    variables
}
