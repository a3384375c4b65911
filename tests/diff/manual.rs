//! What `docs/diff.md` shows is what is printed.

use std::fs;

use crate::flagship::TEXT;
use crate::workshop::{change, run, stdout, workshop};

/// The runs that docs/diff.md shows: `<!-- change: 'this' => 'that' -->`, then the command and what it prints.
#[test]
fn the_documented_runs_are_true() {
    let manual = include_str!("../../docs/diff.md");
    let dir = workshop();
    fs::write(dir.path().join("released.toml"), TEXT).expect("there is room");
    let mut runs = 0;
    for section in manual.split("<!-- change: '").skip(1) {
        let (from, rest) = section.split_once("' => '").expect("what is changed");
        let (to, rest) = rest.split_once("' -->\n").expect("what it becomes");
        let (fence, rest) = rest.split_once("text\n$ platformgen ").expect("a block begins");
        let (command, rest) = rest.split_once('\n').expect("a command");
        let (printed, _) = rest.split_once(&format!("{fence}\n\n")).expect("a block ends");
        change(dir.path(), from, to);
        let arguments: Vec<&str> = command.split(' ').collect();
        assert_eq!(stdout(&run(dir.path(), &arguments)), printed, "{command}");
        runs += 1;
    }
    assert_eq!(runs, 5);
}
