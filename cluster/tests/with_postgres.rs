//! The command that runs another one with a Postgres of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

fn with_postgres(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_with-postgres")).args(arguments).output().unwrap()
}

#[test]
fn the_command_finds_both_urls_and_its_exit_code_is_passed_on() {
    let output = with_postgres(&["--", "sh", "-c", "echo \"$DATABASE_URL\"; echo \"$DATABASE_APP_URL\"; exit 7"]);
    assert_eq!(output.status.code(), Some(7));
    let said = String::from_utf8(output.stdout).unwrap();
    let urls: Vec<&str> = said.lines().collect();
    assert!(urls[0].starts_with("postgres://holdfast_owner@localhost/holdfast?host=/"));
    assert!(urls[1].starts_with("postgres://holdfast_app@localhost/holdfast?host=/"));
    let folder = urls[0].split("host=").nth(1).unwrap();
    assert!(!Path::new(folder).exists(), "{folder} is still there");
}

#[test]
fn it_is_told_to_end_and_ends_the_command_and_the_cluster() {
    let output = with_postgres(&["--", "sh", "-c", "echo \"$DATABASE_URL\"; kill $PPID; exec sleep 30"]);
    assert_eq!(output.status.code(), Some(128 + 15));
    let said = String::from_utf8(output.stdout).unwrap();
    let folder = said.trim().split("host=").nth(1).unwrap();
    assert!(!Path::new(folder).exists(), "{folder} is still there");
}

#[test]
fn migrations_are_run_before_the_command_and_a_broken_one_is_named() {
    let migrations = tempfile::tempdir().unwrap();
    fs::write(migrations.path().join("0001_stock.sql"), "CREATE TABLE stock (id int);").unwrap();
    let folder = migrations.path().to_str().unwrap();
    assert!(with_postgres(&["--migrations", folder, "--", "true"]).status.success());

    fs::write(migrations.path().join("0002_broken.sql"), "CREATE TABEL stock;").unwrap();
    let output = with_postgres(&["--migrations", folder, "--", "true"]);
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("TABEL"), "{said}");
}

#[test]
fn without_a_command_it_says_how_it_is_used() {
    for arguments in [&[][..], &["--"], &["--migrations"], &["ls"]] {
        let output = with_postgres(arguments);
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains("usage:"));
    }
}
