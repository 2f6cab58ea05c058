//! Names over tables of lines, and what must hold for all of them.

use super::{Wish, from_command, from_comment, valid};
use heartbeat::JobName;
use proptest::prelude::*;

#[test]
fn names_say_what_is_run() {
    for (command, expected) in [
        ("/usr/local/bin/backup.sh --all", "backup"),
        ("cd /srv && ./x.py", "x"),
        (
            "cd /srv/app && php artisan schedule:run >> /dev/null 2>&1",
            "artisan_schedule_run",
        ),
        ("php /var/www/nextcloud/cron.php", "cron"),
        ("/usr/bin/php8.2 -d memory_limit=1G -f /srv/job.php", "job"),
        ("python3 -m pkg.mod --x", "pkg.mod"),
        (
            "/opt/venv/bin/python manage.py clearsessions",
            "manage_clearsessions",
        ),
        ("MAILTO=x FOO=1 /bin/do-it", "do-it"),
        ("nice -n 19 ionice -c 3 /usr/bin/updatedb", "updatedb"),
        ("flock -n /run/x.lock /usr/local/bin/import.pl", "import"),
        ("flock -w 5 /run/x.lock -c 'rsync -a /a /b'", "rsync"),
        ("timeout 60 curl -fsS http://x/y", "curl"),
        ("timeout -k 5 1h /opt/run", "run"),
        ("sudo -u www-data /usr/bin/drush cron", "drush"),
        ("su - app -c '/home/app/bin/sync.sh'", "sync"),
        ("bash -lc 'cd /x && ./nightly.sh'", "nightly"),
        ("sh -c \"/opt/a b\"", "a"),
        ("'/opt/my job/run.sh'", "my"),
        (
            "test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }",
            "run-parts",
        ),
        (
            "[ -x /usr/lib/php/sessionclean ] && if [ ! -d /run/systemd/system ]; then /usr/lib/php/sessionclean; fi",
            "sessionclean",
        ),
        (
            "command -v debian-sa1 > /dev/null && debian-sa1 1 1",
            "debian-sa1",
        ),
        (
            "if [ -x /usr/share/mdadm/checkarray ] && [ $(date +\\%d) -le 7 ]; then /usr/share/mdadm/checkarray --cron --all --idle --quiet; fi",
            "checkarray",
        ),
        (
            "test -x /usr/bin/certbot -a \\! -d /run/systemd/system && perl -e 'sleep int(rand(43200))' && certbot -q renew",
            "certbot",
        ),
        ("java -Xmx1g -jar /opt/Report.jar daily", "Report"),
        ("root true && beat x", "root"),
        ("true && beat journey --every 1m", "beat"),
        ("pg_dump db | gzip > /b/x.gz", "pg_dump"),
        ("> /tmp/x /bin/a", "a"),
        ("sleep 5", "sleep"),
        ("/opt/über/täglich.sh", "t_glich"),
        ("", "job"),
        ("%%%", "job"),
        ("/", "job"),
        ("'unclosed", "unclosed"),
    ] {
        assert_eq!(from_command(command).as_str(), expected, "{command}");
    }
}

#[test]
fn a_comment_gives_a_name() {
    for (line, expected) in [
        ("# Name: nightly backup", Some("nightly_backup")),
        ("#name:x", Some("x")),
        ("## NAME : a.b-c ", Some("a.b-c")),
        ("# Name:", None),
        ("# The name: of the rose", None),
        ("nothing", None),
    ] {
        assert_eq!(
            from_comment(line).as_ref().map(JobName::as_str),
            expected,
            "{line}"
        );
    }
}

/// What a wish says, with its texts.
#[derive(Debug, Clone)]
struct Wanted {
    user: &'static str,
    name: JobName,
    firm: bool,
    weak: bool,
    place: String,
    line: u32,
}

fn wish(user: &'static str, name: &str, place: &str, line: u32) -> Wanted {
    Wanted {
        user,
        name: valid(name),
        firm: false,
        weak: false,
        place: place.into(),
        line,
    }
}

fn settle(wanted: &[Wanted]) -> Vec<JobName> {
    let wish = |at: usize| Wish {
        user: wanted[at].user,
        name: &wanted[at].name,
        firm: wanted[at].firm,
        weak: wanted[at].weak,
        line: Some(wanted[at].line),
    };
    let names = super::settle(wanted.len(), wish, |at| &wanted[at].place);
    let names = names.into_iter().zip(wanted);
    let names = names.map(|(name, wanted)| name.unwrap_or_else(|| wanted.name.clone()));
    names.collect()
}

#[test]
fn those_that_collide_get_their_place() {
    let mut wishes = vec![
        wish("root", "backup", "crontab", 3),
        wish("root", "backup", "db", 1),
        wish("app", "backup", "crontab", 1),
        wish("root", "sync", "crontab", 4),
        wish("root", "sync", "crontab", 9),
        wish("root", "alone", "crontab", 5),
        wish("root", "php", "php", 5),
        wish("root", "php", "crontab", 6),
    ];
    let names = settle(&wishes);
    let names: Vec<&str> = names.iter().map(JobName::as_str).collect();
    let expected = [
        "backup-crontab",
        "backup-db",
        "backup",
        "sync-crontab-4",
        "sync-crontab-9",
        "alone",
        "php-cron",
        "php-crontab",
    ];
    assert_eq!(names, expected);
    wishes[0].firm = true;
    assert_eq!(settle(&wishes)[0].as_str(), "backup");
    assert_eq!(settle(&wishes)[1].as_str(), "backup-db");
    wishes[3].weak = true;
    assert_eq!(settle(&wishes)[3].as_str(), "sync-crontab");
    assert_eq!(settle(&wishes)[4].as_str(), "sync");
}

#[test]
fn many_names_differ_as_few_do() {
    let wanted: Vec<Wanted> = (0..12_000)
        .map(|n: u32| {
            let mut wish = wish(["root", "app"][(n % 2) as usize], "", "", n % 4);
            wish.name = valid(&format!("job-{}", n % 50));
            wish.place = format!("f{}", n / 100);
            wish.firm = n.is_multiple_of(100);
            wish.weak = n % 100 == 1;
            wish
        })
        .collect();
    let names = settle(&wanted);
    let mut all: Vec<_> = wanted
        .iter()
        .zip(&names)
        .map(|(w, name)| (w.user, name))
        .collect();
    // Those that are given stay as they are, all 120 of one name.
    assert!(
        (0..12_000)
            .step_by(100)
            .all(|at| names[at].as_str() == "job-0")
    );
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 12_000 - 119);
    let reversed: Vec<Wanted> = wanted.iter().rev().cloned().collect();
    let mut back = settle(&reversed);
    back.reverse();
    assert_eq!(back, names);
}

proptest! {
    #[test]
    fn any_line_has_a_valid_name(line: String) {
        let name = from_command(&line);
        prop_assert!(JobName::is_valid(name.as_str()));
        prop_assert_eq!(&from_command(&line), &name);
        let _ = from_comment(&line);
    }

    #[test]
    fn words_have_valid_names(words in proptest::collection::vec("[-a-z/.=|&;'\"%0-9 ]{0,12}", 0..8)) {
        let _ = from_command(&words.join(" "));
    }

    /// Other jobs change a name only by colliding with it, whatever their order.
    #[test]
    fn names_differ_and_do_not_depend_on_the_order(
        list in proptest::collection::vec(("[a-c]{1,2}", "(crontab|cron[.]d-x)", 1u32..9), 1..20)
    ) {
        let mut wishes: Vec<Wanted> = list.iter().map(|(name, place, line)| wish("root", name, place, *line)).collect();
        wishes.sort_by(|a, b| (&a.place, a.line).cmp(&(&b.place, b.line)));
        wishes.dedup_by(|a, b| (&a.place, a.line) == (&b.place, b.line));
        let names = settle(&wishes);
        let mut sorted = names.clone();
        sorted.sort();
        sorted.dedup();
        prop_assert_eq!(sorted.len(), names.len());
        let back: Vec<Wanted> = wishes.iter().rev().cloned().collect();
        let mut reversed = settle(&back);
        reversed.reverse();
        prop_assert_eq!(&reversed, &names);
        // One more job of another name changes nothing.
        let mut more = wishes.clone();
        more.insert(0, wish("root", "unrelated", "crontab", 77));
        prop_assert_eq!(&settle(&more)[1..], &names[..]);
    }
}
