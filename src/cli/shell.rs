//! Completion scripts and the manual page.

use anyhow::Context;
use clap_mangen::Man;

use super::Exit;

/// Prints the completion script of `shell`.
pub(super) fn completions(shell: clap_complete::Shell) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::command(), "capstan", &mut script);
    super::print_exactly(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// Prints the manual page: the command, then each subcommand with its options.
pub(super) fn man() -> anyhow::Result<Exit> {
    let page = man_page().context("making the manual page")?;
    super::print_exactly(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Done)
}

fn man_page() -> std::io::Result<Vec<u8>> {
    let mut command = super::command();
    command.build();
    let mut page = Vec::new();
    let man = Man::new(command.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    for subcommand in command
        .get_subcommands()
        .filter(|command| command.get_name() != "help")
    {
        page.extend_from_slice(
            format!(".SH \"CAPSTAN {}\"\n", subcommand.get_name().to_uppercase()).as_bytes(),
        );
        if let Some(about) = subcommand.get_about() {
            page.extend_from_slice(format!("{about}\n").as_bytes());
        }
        let mut section = Vec::new();
        let man = Man::new(subcommand.clone().disable_help_flag(true));
        man.render_synopsis_section(&mut section)?;
        man.render_options_section(&mut section)?;
        // The options stand under the subcommand's heading.
        page.extend_from_slice(
            String::from_utf8_lossy(&section)
                .replace(".SH ", ".SS ")
                .as_bytes(),
        );
    }
    man.render_extra_section(&mut page)?;
    Ok(page)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_manual_names_every_subcommand_and_the_exit_codes() {
        let page = String::from_utf8(super::man_page().unwrap()).unwrap();
        for heading in [
            "CAPSTAN EXPORT",
            "CAPSTAN INSPECT",
            "CAPSTAN DOCTOR",
            "130 interrupted",
        ] {
            assert!(page.contains(heading), "{heading}");
        }
    }
}
