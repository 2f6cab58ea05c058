//! What taking back would do, told without doing it.

use super::*;

/// Changes that lie over another are told as one, and a folder goes after what is in it.
#[test]
fn what_would_be_taken_back_is_told_as_one_difference() {
    let scene = Scene::new();
    let none = outlook(&scene.paths(), &Selection::All).unwrap();
    assert_eq!((none, scene.paths().state.exists()), Default::default());
    scene.apply(&[("one", 3)]);
    scene.apply(&[("two", 5)]);
    let (dir, file) = (scene.path("unit.d"), scene.path("unit.d/beat.conf"));
    let edits = vec![
        Edit::MakeDir {
            path: dir.clone(),
            owner: None,
            mode: 0o755,
            job: None,
        },
        Edit::NewFile {
            path: file.clone(),
            content: b"[Unit]\n".to_vec(),
            mode: 0o644,
            job: None,
        },
    ];
    Plan { edits }.carry_out(&scene.paths()).unwrap();
    let told = |selection| {
        let (undone, told) = outlook(&scene.paths(), &selection).unwrap();
        assert_eq!(undone.left, []);
        let root = scene.path("").display().to_string();
        told.replace(&root, "/")
    };
    let one = told(Selection::Jobs(vec!["one".into()]));
    assert_eq!(
        one,
        "--- /tab\n+++ /tab\n@@ -1,6 +1,6 @@\n # a\\r\n X='y'\n-@daily new one\n+@daily a\n ��# odd\n @daily new two\n @daily c\n\\ No newline at end of file\n"
    );
    let all = told(Selection::All);
    assert_eq!(
        all,
        "--- /tab\n+++ /tab\n@@ -1,6 +1,6 @@\n # a\\r\n X='y'\n-@daily new one\n+@daily a\n ��# odd\n-@daily new two\n+@daily b\n @daily c\n\\ No newline at end of file\n--- /unit.d/beat.conf\n+++ /dev/null\n@@ -1 +0,0 @@\n-[Unit]\nfolder removed: /unit.d\n"
    );
    assert_eq!(scene.read(), BOTH);
    assert_eq!(fs::read(&file).unwrap(), b"[Unit]\n");
    let undone = scene.undo_all();
    assert_eq!((scene.read(), undone.left), (TAB.to_vec(), vec![]));
    assert!(!dir.exists());
}
