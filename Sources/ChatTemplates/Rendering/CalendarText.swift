// SPDX-License-Identifier: Apache-2.0

/// A moment written by a format of `strftime`, in UTC and English: an instance has no files of time zones.
struct CalendarText {
    private static let days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]

    private let year: Int
    /// From 1.
    private let month: Int
    /// From 1.
    private let day: Int
    /// From 1.
    private let dayOfYear: Int
    /// From 0, which is Sunday.
    private let weekday: Int
    private let secondOfDay: Int
    private let moment: Int

    /// The date of a moment in seconds since 1970.
    init(moment: Int) {
        // Far from where the arithmetic below could overflow: about 30,000 years either way.
        let moment = max(-1_000_000_000_000, min(1_000_000_000_000, moment))
        let days = (moment >= 0 ? moment : moment - 86_399) / 86_400
        self.moment = moment
        secondOfDay = moment - days * 86_400
        weekday = ((days + 4) % 7 + 7) % 7
        // Years are counted from March, so that the leap day is a year's last one, in cycles of 400 years.
        let shifted = days + 719_468
        let cycle = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfCycle = shifted - cycle * 146_097
        let yearOfCycle =
            (dayOfCycle - dayOfCycle / 1_460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
        let dayFromMarch = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let monthFromMarch = (5 * dayFromMarch + 2) / 153
        day = dayFromMarch - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfCycle + cycle * 400 + (month <= 2 ? 1 : 0)
        self.year = year
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        dayOfYear = month > 2 ? dayFromMarch + (isLeap ? 60 : 59) + 1 : dayFromMarch - 305
    }

    /// The text of a format. A directive that is not known stays as it is.
    func text(_ format: String) -> String {
        var result = ""
        var rest = format.unicodeScalars.makeIterator()
        while let scalar = rest.next() {
            guard scalar == "%" else {
                result.unicodeScalars.append(scalar)
                continue
            }
            var flag: Unicode.Scalar?
            var letter = rest.next()
            if letter == "-" || letter == "_" || letter == "0" {
                flag = letter
                letter = rest.next()
            }
            guard let letter else { return result + "%" + (flag.map { String(Character($0)) } ?? "") }
            result += number(letter, flag) ?? words(letter) ?? "%" + String(Character(letter))
        }
        return result
    }

    private func number(_ letter: Unicode.Scalar, _ flag: Unicode.Scalar?) -> String? {
        let hour = secondOfDay / 3_600
        let (value, width, padding): (Int, Int, Character)
        switch letter {
        case "d": (value, width, padding) = (day, 2, "0")
        case "e": (value, width, padding) = (day, 2, " ")
        case "m": (value, width, padding) = (month, 2, "0")
        case "Y": (value, width, padding) = (year, 1, "0")
        case "y": (value, width, padding) = ((year % 100 + 100) % 100, 2, "0")
        case "H": (value, width, padding) = (hour, 2, "0")
        case "I": (value, width, padding) = ((hour + 11) % 12 + 1, 2, "0")
        case "M": (value, width, padding) = (secondOfDay / 60 % 60, 2, "0")
        case "S": (value, width, padding) = (secondOfDay % 60, 2, "0")
        case "j": (value, width, padding) = (dayOfYear, 3, "0")
        case "u": (value, width, padding) = (weekday == 0 ? 7 : weekday, 1, "0")
        case "w": (value, width, padding) = (weekday, 1, "0")
        case "U": (value, width, padding) = ((dayOfYear + 6 - weekday) / 7, 2, "0")
        case "W": (value, width, padding) = ((dayOfYear + 6 - (weekday + 6) % 7) / 7, 2, "0")
        case "s": (value, width, padding) = (moment, 1, "0")
        case "f": (value, width, padding) = (0, 6, "0")
        default: return nil
        }
        let digits = String(value)
        if flag == "-" { return digits }
        let filling = flag == "_" ? " " : flag == "0" ? "0" : padding
        return String(repeating: filling, count: max(0, width - digits.count)) + digits
    }

    private func words(_ letter: Unicode.Scalar) -> String? {
        switch letter {
        case "A": Self.days[weekday]
        case "a": String(Self.days[weekday].prefix(3))
        case "B": Self.months[month - 1]
        case "b", "h": String(Self.months[month - 1].prefix(3))
        case "p": secondOfDay < 43_200 ? "AM" : "PM"
        case "F": text("%Y-%m-%d")
        case "T", "X": text("%H:%M:%S")
        case "D", "x": text("%m/%d/%y")
        case "R": text("%H:%M")
        case "c": text("%a %b %e %H:%M:%S %Y")
        // A time without a zone has neither name nor offset.
        case "Z", "z": ""
        case "n": "\n"
        case "t": "\t"
        case "%": "%"
        default: nil
        }
    }
}
