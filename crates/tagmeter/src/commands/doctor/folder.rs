//! Checks the data folder: existence, write access, permissions, free space, a local file system.

use super::Finding;
use crate::output::{grouped, quoted};
use std::path::{Path, PathBuf};

/// Free space below which the next import may not fit.
const FREE_NOTE_BYTES: u64 = 1 << 30;
/// Free space below which soon not even charges can be written.
const FREE_PROBLEM_BYTES: u64 = 64 << 20;

pub(super) fn check(folder: &Path) -> Vec<Finding> {
    if !folder.exists() {
        let missing = Finding::note(
            "data folder",
            format!("{} does not exist yet", folder.display()),
            "`tagmeter import PATH` or `tagmeter account create EMAIL` creates it",
        );
        return std::iter::once(missing).chain(disk(&nearest_existing(folder))).collect();
    }
    if !folder.is_dir() {
        let found = format!("{} is not a folder", folder.display());
        return vec![Finding::problem("data folder", found, "--data-dir names another one")];
    }
    let writable = match tempfile::tempfile_in(folder) {
        Ok(_) => Finding::ok("data folder", format!("{} is writable", folder.display())),
        Err(cause) => Finding::problem(
            "data folder",
            format!("{} is not writable: {cause}", folder.display()),
            "make the user that runs tagmeter its owner",
        ),
    };
    std::iter::once(writable).chain(permissions(folder)).chain(disk(folder)).collect()
}

/// Checks that only the owner has access to the folder and the files in it.
#[cfg(unix)]
fn permissions(folder: &Path) -> Option<Finding> {
    use std::os::unix::fs::PermissionsExt;
    const OTHERS: u32 = 0o077;
    let is_open = |path: &Path| {
        std::fs::symlink_metadata(path)
            .is_ok_and(|file| !file.is_symlink() && file.permissions().mode() & OTHERS != 0)
    };
    let mut open: Vec<PathBuf> = below(folder).into_iter().filter(|path| is_open(path)).collect();
    if is_open(folder) {
        open.insert(0, folder.to_owned());
    }
    let Some(first) = open.first() else {
        return Some(Finding::ok("permissions", "only the owner can read the data folder"));
    };
    let more = match open.len() {
        1 => String::new(),
        all => format!(" and {} more", grouped(all as u64 - 1)),
    };
    Some(Finding::note(
        "permissions",
        format!("{}{more}: others than the owner have access", first.display()),
        format!("chmod -R u=rwX,go= {}", quoted(&folder.to_string_lossy())),
    ))
}

#[cfg(not(unix))]
fn permissions(_folder: &Path) -> Option<Finding> {
    None
}

/// Lists a folder and its subfolders, in order of name.
#[cfg(unix)]
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for entry in entries.flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            }
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

fn nearest_existing(folder: &Path) -> PathBuf {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    absolute.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/")).to_owned()
}

#[cfg(unix)]
fn disk(folder: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    match rustix::fs::statvfs(folder) {
        Ok(stat) => findings.push(free_space(stat.f_bavail.saturating_mul(stat.f_frsize))),
        Err(cause) => {
            findings.push(Finding::note("free space", format!("unknown: {cause}"), "check with df"))
        }
    }
    #[cfg(target_os = "linux")]
    if let Ok(stat) = rustix::fs::statfs(folder) {
        findings.push(file_system(stat.f_type as u64 & 0xffff_ffff));
    }
    findings
}

#[cfg(not(unix))]
fn disk(_folder: &Path) -> Vec<Finding> {
    Vec::new()
}

fn free_space(bytes: u64) -> Finding {
    let found = format!("{} MB", grouped(bytes >> 20));
    match bytes {
        0..FREE_PROBLEM_BYTES => {
            Finding::problem("free space", found, "make room: charges cannot be written without")
        }
        FREE_PROBLEM_BYTES..FREE_NOTE_BYTES => Finding::note(
            "free space",
            found,
            "make room before the next import; it takes about twice the size of its files",
        ),
        _ => Finding::ok("free space", found),
    }
}

/// File systems over a network, by their magic numbers on Linux (`statfs(2)`).
#[cfg(target_os = "linux")]
const NETWORK: [(u64, &str); 8] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB 2"),
    (0x5346_414f, "AFS"),
    (0x00c3_6400, "Ceph"),
    (0x0102_1997, "9P"),
    (0x6573_5546, "FUSE"),
];

#[cfg(target_os = "linux")]
fn file_system(number: u64) -> Finding {
    match NETWORK.iter().find(|(known, _)| *known == number) {
        Some((_, name)) => Finding::problem(
            "file system",
            format!("{name}, which may be over a network"),
            "keep the data on a local disk: locks and memory shared between processes fail over a network",
        ),
        None => Finding::ok("file system", "local"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn free_space_is_judged() {
        let states = [0, FREE_PROBLEM_BYTES, FREE_NOTE_BYTES].map(|bytes| free_space(bytes).state);
        assert_eq!(states, [State::Problem, State::Note, State::Ok]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_network_is_no_place_for_a_database() {
        assert_eq!(file_system(0x6969).state, State::Problem);
        assert_eq!(file_system(0xef53).state, State::Ok);
    }

    #[test]
    #[cfg(unix)]
    fn a_folder_that_others_can_read_is_reported_with_its_fix() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().expect("a folder");
        let folder = place.path().join("it's here");
        store::private::make_folder(&folder.join("uploads")).expect("folders");
        store::private::options().write(true).create(true).open(folder.join("a.db")).expect("a file");
        assert_eq!(permissions(&folder).map(|finding| finding.state), Some(State::Ok));
        let open = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("permissions");
        };
        open(&folder.join("a.db"), 0o640);
        open(&folder.join("uploads"), 0o755);
        let finding = permissions(&folder).expect("a finding");
        assert_eq!(finding.state, State::Note);
        assert!(finding.found.contains("a.db and 1 more"), "{}", finding.found);
        let hint = finding.hint.expect("a hint");
        let fixed = std::process::Command::new("sh").args(["-c", &hint]).status();
        assert!(fixed.expect("sh runs").success(), "{hint}");
        assert_eq!(permissions(&folder).map(|finding| finding.state), Some(State::Ok));
        assert!(folder.join("uploads").read_dir().is_ok());
    }

    #[test]
    fn a_folder_exists_or_will_be_created() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(check(folder.path())[0].state, State::Ok);
        let missing = check(&folder.path().join("a/b"));
        assert_eq!(missing[0].state, State::Note);
        assert!(missing.iter().any(|finding| finding.what == "free space"));
        let file = folder.path().join("file");
        std::fs::write(&file, "").expect("a file");
        assert_eq!(check(&file)[0].state, State::Problem);
    }
}
