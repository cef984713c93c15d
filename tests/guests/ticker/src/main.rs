//! A service: writes to a file how often it was started, and ends as its environment says.

use std::time::Duration;

fn main() {
    let file = std::env::var("FILE").unwrap_or_else(|_| "/data/starts".to_owned());
    let starts = std::fs::read_to_string(&file).unwrap_or_default().lines().count() + 1;
    std::fs::write(&file, "start\n".repeat(starts)).unwrap();
    match std::env::var("END").as_deref() {
        Ok("well") => {}
        Ok("badly") => std::process::exit(1),
        Ok("trap") => std::process::abort(),
        _ => loop {
            std::thread::sleep(Duration::from_millis(50));
        },
    }
}
