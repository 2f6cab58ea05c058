//! Days, counted from 1970-01-01 in the calendar of today, without a clock and
//! without time zones.

/// How many days the month has; month 1 is January.
#[must_use]
pub const fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// All days of the month as a set: bit 1 is the first.
#[must_use]
pub const fn days_of_month(year: i32, month: u32) -> u32 {
    u32::MAX >> (31 - days_in_month(year, month)) & !1
}

/// The days of a month that fall on one of the weekdays, when its first day is the
/// weekday `first`: bit 1 is the first.
#[must_use]
pub const fn weekdays_of(weekdays: u8, first: u32) -> u32 {
    // The seven bits of the week, six times one after the other.
    const SIX_WEEKS: u64 = 0x8_1020_4081;
    let weeks = (weekdays as u64 & 0x7f) * SIX_WEEKS;
    ((weeks >> first) << 1) as u32
}

/// The number of the day that a date is; 0 is 1970-01-01. Counted in years that
/// begin with March, so that the leap day comes last.
#[must_use]
pub const fn day_of(year: i32, month: u32, day: u32) -> i64 {
    let year = year as i64 - (month <= 2) as i64;
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month as i64 + 9) % 12) + 2) / 5 + day as i64 - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of the month of a day: the way back from [`day_of`].
#[must_use]
pub const fn date_of(day: i64) -> (i32, u32, u32) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let year = year + era * 400 + (month <= 2) as i64;
    (year as i32, month as u32, of_month as u32)
}

/// The weekday of a day: 0 is Sunday.
#[must_use]
pub const fn weekday(day: i64) -> u32 {
    // 1970-01-01 was a Thursday.
    (day + 4).rem_euclid(7) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Datelike as _, NaiveDate};

    #[test]
    fn weekdays_of_a_month() {
        for (weekdays, first, days) in [
            // A month that begins on a Sunday; on a Saturday; on a Wednesday.
            (0b000_0001, 0, vec![1, 8, 15, 22, 29]),
            (0b000_0001, 6, vec![2, 9, 16, 23, 30]),
            (0b100_0000, 3, vec![4, 11, 18, 25]),
            (0b100_0001, 3, vec![4, 5, 11, 12, 18, 19, 25, 26]),
            (0, 5, vec![]),
            // Bit 7 is no weekday.
            (0x80, 0, vec![]),
        ] {
            let set = weekdays_of(weekdays, first);
            let found: Vec<u32> = (0..=30).filter(|bit| set >> bit & 1 == 1).collect();
            assert_eq!(found, days, "{weekdays:b} {first}");
        }
        assert_eq!(weekdays_of(0x7f, 4) | 1, u32::MAX);
    }

    #[test]
    fn days_are_those_of_chrono() {
        let mut date = NaiveDate::from_ymd_opt(1890, 1, 1).unwrap();
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        while date.year() < 2210 {
            let day = (date - epoch).num_days();
            let parts = (date.year(), date.month(), date.day());
            assert_eq!(date_of(day), parts);
            assert_eq!(day_of(parts.0, parts.1, parts.2), day);
            assert_eq!(weekday(day), date.weekday().num_days_from_sunday());
            let next = date.succ_opt().unwrap();
            if next.month() != date.month() {
                assert_eq!(days_in_month(parts.0, parts.1), parts.2, "{date}");
            }
            date = next;
        }
    }
}
