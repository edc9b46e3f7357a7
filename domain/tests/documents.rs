//! What documents say of the order machine is what its table says.

use domain::order::machine::mermaid;

#[test]
fn the_diagram_in_the_architecture_is_drawn_from_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../ARCHITECTURE.md");
    let text = std::fs::read_to_string(path).expect("ARCHITECTURE.md is there");
    let drawn = mermaid();
    assert!(text.contains(&format!("```mermaid\n{drawn}```")), "put this into ARCHITECTURE.md:\n{drawn}");
}
