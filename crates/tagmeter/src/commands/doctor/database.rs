//! Checks the database: reachability, durability of charges, room for another node.

use super::{Finding, contents};
use crate::commands::Context;
use crate::output::grouped;
use store::check::{DatabaseCheck, Pooling};
use store::{DatabaseUrl, StoreError, StoreOptions};

pub(super) async fn check(url: &DatabaseUrl, options: &StoreOptions, context: &Context) -> Vec<Finding> {
    let pooling = url.pooling().await;
    // What follows must work through any pooler.
    let check = match url.unprepared().check().await {
        Ok(check) => check,
        Err(why) => {
            let hint = "is the server running, and are host, port, user, password and database right?";
            return vec![Finding::problem("database", format!("{url}: {why}"), hint)];
        }
    };
    let mut findings = vec![Finding::ok("database", format!("{url}: PostgreSQL {}", check.version))];
    if let Some(why) = &check.refusal {
        findings.push(Finding::problem(
            "database settings",
            why.clone(),
            "tagmeter does not use the database until this is changed",
        ));
        return findings;
    }
    findings.push(pooler(pooling));
    findings.push(settings(&check));
    findings.push(connections(&check));
    findings.push(Finding::ok("citus", check.citus.clone().unwrap_or_else(|| "not present".to_owned())));
    findings.push(schema(&check));
    // Opening would create a missing schema and migrate an old one; the doctor does neither.
    if check.schema_steps == Some(check.schema_steps_newest) {
        let options = StoreOptions::at_url(&options.data_dir, url.unprepared());
        findings.extend(contents::contents_of(&options, context).await);
    }
    findings
}

/// Checks that prepared statements work as the URL says.
fn pooler(pooling: Result<Option<Pooling>, StoreError>) -> Finding {
    const WHAT: &str = "prepared statements";
    const ADVICE: &str = "add prepared_statements=false to the database URL";
    match pooling {
        Ok(None) => Finding::ok(WHAT, "not used (prepared_statements=false): any pooler works"),
        Ok(Some(Pooling::Sessions)) => Finding::ok(WHAT, "they last beyond their transaction"),
        Ok(Some(Pooling::Transactions)) => Finding::note(
            WHAT,
            "a transaction pooler is in between: prepared statements work, session timeouts and notifications of other \
             nodes do not",
            format!("{ADVICE}, or pool sessions (pool_mode = session)"),
        ),
        Ok(Some(Pooling::Unprepared(why))) => Finding::problem(
            WHAT,
            format!("they do not last beyond their transaction ({why}): a transaction pooler is in between"),
            format!(
                "{ADVICE}; or set max_prepared_statements = 200 in PgBouncer 1.21 or newer, or pool_mode = session"
            ),
        ),
        Err(why) => Finding::note(WHAT, format!("could not be tried: {why}"), "run tagmeter doctor again"),
    }
}

fn settings(check: &DatabaseCheck) -> Finding {
    if check.warnings.is_empty() {
        return Finding::ok("database settings", "commits wait for the disk");
    }
    Finding::note("database settings", check.warnings.join("; "), "see docs/scaling.md on durability")
}

fn connections(check: &DatabaseCheck) -> Finding {
    let (ours, all) = (check.connections_of_a_node, check.connections_max);
    let found = format!("{} on the server, at most {} for each node", grouped(all), grouped(ours));
    if all < ours {
        return Finding::problem("connections", found, "raise max_connections");
    }
    let nodes = all / ours;
    if nodes < 3 {
        let hint = format!(
            "there is room for {nodes} nodes at once: raise max_connections, or put pgbouncer in between"
        );
        return Finding::note("connections", found, hint);
    }
    Finding::ok("connections", format!("{found}: room for {}", grouped(nodes)))
}

fn schema(check: &DatabaseCheck) -> Finding {
    let newest = check.schema_steps_newest;
    match check.schema_steps {
        None => Finding::note(
            "schema",
            "does not exist yet",
            "`tagmeter import PATH`, `tagmeter account create EMAIL` or `tagmeter migrate` creates it",
        ),
        Some(steps) if steps == newest => Finding::ok("schema", format!("{steps} steps, the newest")),
        Some(steps) if steps < newest => Finding::note(
            "schema",
            format!("{steps} steps of {newest}"),
            "the next start of tagmeter migrates it",
        ),
        Some(steps) => Finding::problem(
            "schema",
            format!("{steps} steps, and this version knows {newest}"),
            "this data was written by a newer tagmeter: use that version or a newer one",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    fn check() -> DatabaseCheck {
        DatabaseCheck {
            version: "15.4".to_owned(),
            refusal: None,
            warnings: Vec::new(),
            connections_max: 97,
            connections_of_a_node: 16,
            citus: None,
            schema_steps: Some(3),
            schema_steps_newest: 3,
        }
    }

    #[test]
    fn room_for_nodes_is_reported() {
        let states = [10, 20, 97]
            .map(|connections_max| connections(&DatabaseCheck { connections_max, ..check() }).state);
        assert_eq!(states, [State::Problem, State::Note, State::Ok]);
    }

    #[test]
    fn a_pooler_that_loses_prepared_statements_is_a_problem() {
        let cases = [
            None,
            Some(Pooling::Sessions),
            Some(Pooling::Transactions),
            Some(Pooling::Unprepared("x".to_owned())),
        ];
        let states = cases.map(|pooling| pooler(Ok(pooling)).state);
        assert_eq!(states, [State::Ok, State::Ok, State::Note, State::Problem]);
    }

    #[test]
    fn the_schema_is_compared() {
        let states = [None, Some(2), Some(3), Some(4)]
            .map(|schema_steps| schema(&DatabaseCheck { schema_steps, ..check() }).state);
        assert_eq!(states, [State::Note, State::Note, State::Ok, State::Problem]);
    }

    #[test]
    fn commits_that_do_not_wait_are_noted() {
        assert_eq!(settings(&check()).state, State::Ok);
        let warnings = vec!["synchronous_commit = off".to_owned()];
        assert_eq!(settings(&DatabaseCheck { warnings, ..check() }).state, State::Note);
    }
}
