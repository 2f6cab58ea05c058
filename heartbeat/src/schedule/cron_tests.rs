//! Debian's cron, field by field. What it takes and refuses was asked of its
//! `crontab -n` (3.0pl1-162).

use crate::schedule::{Rule, Schedule, ScheduleKind};

use super::*;

fn cron(text: &str) -> Cron {
    match Schedule::cron(text).unwrap().rule() {
        Rule::Cron(cron) => *cron,
        other => panic!("{other:?}"),
    }
}

fn bits(set: u64) -> Vec<u32> {
    (0..64).filter(|bit| set >> bit & 1 == 1).collect()
}

#[test]
fn minutes() {
    for (field, minutes) in [
        ("*", (0..60).collect()),
        ("5", vec![5]),
        ("005", vec![5]),
        ("1,3,1", vec![1, 3]),
        ("7-9", vec![7, 8, 9]),
        ("7-7", vec![7]),
        ("*/20", vec![0, 20, 40]),
        ("*/61", vec![0]),
        ("5-59/25", vec![5, 30, 55]),
        ("58-59/59", vec![58]),
        ("1,*/30", vec![0, 1, 30]),
        ("*/40,7-9/2,11", vec![0, 7, 9, 11, 40]),
    ] {
        let cron = cron(&format!("{field} 0 * * *"));
        assert_eq!(bits(cron.minutes), minutes, "{field}");
    }
}

#[test]
fn names_and_sundays() {
    for (month, months) in [
        ("jan,FEB", vec![1, 2]),
        ("Oct-dec", vec![10, 11, 12]),
        ("jan-5/2", vec![1, 3, 5]),
    ] {
        assert_eq!(
            bits(cron(&format!("0 0 * {month} *")).months.into()),
            months
        );
    }
    for (weekday, weekdays) in [
        ("0", vec![0]),
        ("7", vec![0]),
        ("SUN", vec![0]),
        ("6-7", vec![0, 6]),
        ("mon-Fri", vec![1, 2, 3, 4, 5]),
        ("sun,1", vec![0, 1]),
        ("*/2", vec![0, 2, 4, 6]),
        ("*/7", vec![0]),
        ("1-7/3", vec![0, 1, 4]),
        ("0-7", vec![0, 1, 2, 3, 4, 5, 6]),
    ] {
        assert_eq!(
            bits(cron(&format!("0 0 * * {weekday}")).weekdays.into()),
            weekdays,
            "{weekday}"
        );
    }
}

#[test]
fn a_star_in_front_decides() {
    for (text, either_day, follows_clock) in [
        ("0 0 1 * 1", true, false),
        ("0 0 * * 1", false, false),
        ("0 0 1 * *", false, false),
        ("0 0 */2 * 1", false, false),
        ("0 0 1 * */2", false, false),
        ("0 0 *,1 * 1", false, false),
        ("0 0 1,* * 1", true, false),
        ("0 0 1-31 * 1", true, false),
        ("*/5 0 * * *", false, true),
        ("0 */2 * * *", false, true),
        ("0 0,* * * *", false, false),
        ("0-59 0-23 * * *", false, false),
        ("@hourly", false, true),
        ("@daily", false, false),
    ] {
        let cron = cron(text);
        assert_eq!(
            (cron.either_day, cron.follows_clock),
            (either_day, follows_clock),
            "{text}"
        );
    }
}

#[test]
fn shorthands() {
    for (short, long) in [
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
        ("@monthly", "0 0 1 * *"),
        ("@weekly", "0 0 * * 0"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@hourly", "0 * * * *"),
    ] {
        assert_eq!(cron(short), cron(long));
        assert_eq!(Schedule::parse(short).unwrap().as_text(), short);
    }
    let reboot = Schedule::parse("@reboot").unwrap();
    assert_eq!(
        (reboot.rule(), reboot.kind()),
        (&Rule::Reboot, ScheduleKind::Cron)
    );
}

#[test]
fn blanks_and_the_text() {
    let schedule = Schedule::parse("  0\t 2 * *   1-5 ").unwrap();
    assert_eq!(schedule.as_text(), "0\t 2 * *   1-5");
    assert_eq!(schedule.to_string(), schedule.as_text());
    assert_eq!(schedule.kind(), ScheduleKind::Cron);
    assert_eq!(schedule.own_zone(), None);
}

#[test]
fn as_long_as_a_schedule_may_be() {
    let text = format!("0{}* * * *", " ".repeat(992));
    assert_eq!((text.len(), cron(&text)), (1000, cron("0 * * * *")));
    let error = Schedule::parse(&text.replacen(' ', "  ", 1)).unwrap_err();
    assert!(error.to_string().contains("longer than 1000 bytes"));
}

#[test]
fn days_that_never_come() {
    for text in [
        "0 0 30 2 *",
        "0 0 31 2 *",
        "0 0 31 4,6,9,11 *",
        "0 0 30-31 feb *",
        "0 0 31 2,4 */2",
    ] {
        let error = Schedule::parse(text).unwrap_err();
        assert!(error.never_runs(), "{error}");
        assert_eq!(
            error.to_string(),
            format!("the schedule {text:?} never runs: there is no such day")
        );
    }
    for text in [
        "0 0 29 2 *",
        "0 0 31 4,5 *",
        "0 0 30 1,2 *",
        // Mondays of February.
        "0 0 30 2 1",
        // The 1st and the 31st.
        "0 0 */30 2 *",
    ] {
        Schedule::parse(text).unwrap();
    }
}

#[test]
fn refusals() {
    for (text, message) in [
        ("", "the schedule is empty"),
        ("60 * * * *", "the minute \"60\" is not within 0 to 59"),
        ("0 24 * * *", "the hour \"24\" is not within 0 to 23"),
        (
            "0 0 0 * *",
            "the day of the month \"0\" is not within 1 to 31",
        ),
        (
            "0 0 0-5 * *",
            "the day of the month \"0-5\" is not within 1 to 31",
        ),
        ("0 0 * 0 *", "the month \"0\" is not within 1 to 12"),
        ("0 0 * * 8", "the weekday \"8\" is not within 0 to 7"),
        (
            "5/15 * * * *",
            "the minute \"5/15\": cron takes a step only after * or a range, as in 5-59/15",
        ),
        (
            "0 0 * * mon/2",
            "the weekday \"mon/2\": cron takes a step only after * or a range, as in 5-59/15",
        ),
        (
            "*/0 * * * *",
            "the minute \"*/0\": a step of 0 leads nowhere",
        ),
        ("*/x * * * *", "the minute \"*/x\": the step is no number"),
        ("*/ * * * *", "the minute \"*/\": the step is no number"),
        ("*/-5 * * * *", "the minute \"*/-5\": the step is no number"),
        (
            "1-5/2/3 * * * *",
            "the minute \"1-5/2/3\": the step is no number",
        ),
        (
            "0 0 * * 5-1",
            "the weekday \"5-1\": the range runs backwards, and cron takes it for nothing at all",
        ),
        (
            "0 0 * * sat-sun",
            "the weekday \"sat-sun\": the range runs backwards, and cron takes it for nothing at all",
        ),
        (
            "0 22-2,5 * * *",
            "the hour \"22-2\": the range runs backwards, and cron takes it for nothing at all",
        ),
        (
            "0 0 L * *",
            "the day of the month \"L\": Debian's cron knows no L, W, #, ? or ~",
        ),
        (
            "0 0 * * 5#2",
            "the weekday \"5#2\": Debian's cron knows no L, W, #, ? or ~",
        ),
        (
            "0 0 ? * *",
            "the day of the month \"?\": Debian's cron knows no L, W, #, ? or ~",
        ),
        (
            "0~9 * * * *",
            "the minute \"0~9\": Debian's cron knows no L, W, #, ? or ~",
        ),
        (
            "5, * * * *",
            "the minute \"\": an element of the list is missing",
        ),
        (
            "5- * * * *",
            "the minute \"5-\": write *, */5, a number, a range as 3-7 or 3-7/2, or a list of these",
        ),
        (
            "1-2-3 * * * *",
            "the minute \"1-2-3\": write *, */5, a number, a range as 3-7 or 3-7/2, or a list of these",
        ),
        (
            "*5 * * * *",
            "the minute \"*5\": write *, */5, a number, a range as 3-7 or 3-7/2, or a list of these",
        ),
        (
            "+5 * * * *",
            "the minute \"+5\": write *, */5, a number, a range as 3-7 or 3-7/2, or a list of these",
        ),
        (
            "4294967301 * * * *",
            "the minute \"4294967301\": write *, */5, a number, a range as 3-7 or 3-7/2, or a list of these",
        ),
        (
            "0 0 * january *",
            "the month \"january\": write *, a number or the first three letters of the name, a range of these, or a list",
        ),
        (
            "0 0 * * Monday",
            "the weekday \"Monday\": write *, a number or the first three letters of the name, a range of these, or a list",
        ),
        (
            "@Daily",
            "the shorthand \"@Daily\": cron knows @reboot, @yearly, @annually, @monthly, @weekly, @daily, @midnight and @hourly, in small letters",
        ),
        (
            "0 0 0 * * *",
            "the schedule \"0 0 0 * * *\": cron has five fields: minute, hour, day of the month, month, weekday; it knows no seconds and no years",
        ),
    ] {
        assert_eq!(
            Schedule::parse(text).unwrap_err().to_string(),
            message,
            "{text}"
        );
    }
    let error = Schedule::cron("0 0 * *").unwrap_err().to_string();
    assert!(error.contains("cron has five fields"), "{error}");
    let error = Schedule::cron(&"1,".repeat(600)).unwrap_err().to_string();
    assert!(
        error.starts_with("the schedule is longer than 1000 bytes"),
        "{error}"
    );
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "[-0-9a-zA-Z*/,@ #~.é]{0,40}") {
        let _ = Schedule::parse(&text);
        let _ = Schedule::cron(&text);
    }

    #[test]
    fn nearly_cron(fields in proptest::collection::vec("[-0-9*/,]{1,6}|[a-z]{3}", 5)) {
        let _ = Schedule::cron(&fields.join(" "));
    }
}
