// Numbers, times and dates as the reports print them, without a locale.

package enum Figures {
    /// A number with at most so many digits behind the point; no zeros at its end.
    static func decimal(_ value: Double, digits: Int) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
        // Beyond this a Double has no digits behind the point, and an Int no room.
        guard abs(value) < 1e15 else { return "\(value)" }
        var text = fixed(value, digits: digits)
        guard text.contains(".") else { return text }
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text == "-0" ? "0" : text
    }

    /// A number with exactly so many digits behind the point.
    static func fixed(_ value: Double, digits: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return decimal(value, digits: digits) }
        var scale = 1
        for _ in 0..<min(digits, 6) { scale *= 10 }
        var whole = Int((abs(value) * Double(scale)).rounded())
        var rest = whole % scale
        whole /= scale
        var tail = ""
        for _ in 0..<min(digits, 6) {
            tail = String(rest % 10) + tail
            rest /= 10
        }
        let sign = value < 0 && (whole != 0 || tail.contains { $0 != "0" }) ? "-" : ""
        return sign + String(whole) + (tail.isEmpty ? "" : "." + tail)
    }

    /// An output of a model: four digits are enough to see a difference by eye.
    static func output(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e5, abs(value) >= 0.001 || value == 0 else { return "\(value)" }
        return trimmed(value, significant: 4)
    }

    /// A measure's value: whole where it is, else with up to two digits.
    static func measure(_ value: Double) -> String { grouped(decimal(value, digits: 2)) }

    /// A time to be read by people: "812 us", "41 ms", "3.2 s", "2 min 5 s".
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0 else { return "?" }
        if seconds < 0.0005 { return seconds == 0 ? "0 ms" : "\(Int((seconds * 1_000_000).rounded())) µs" }
        if seconds < 0.9995 { return "\(Int((seconds * 1000).rounded())) ms" }
        if seconds < 59.95 { return decimal(seconds, digits: seconds < 9.95 ? 2 : 1) + " s" }
        guard seconds < 1e9 else { return "\(seconds) s" }
        let whole = Int(seconds.rounded())
        return whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole % 3600 / 60) min"
    }

    /// A noun with its number: "1 test", "3 tests".
    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// A moment in UTC as `2026-01-31T08:15:00`; days are counted as in H. Hinnant's `civil_from_days`.
    package static func timestamp(_ secondsSince1970: Double) -> String {
        guard secondsSince1970.isFinite, abs(secondsSince1970) < 1e11 else { return "1970-01-01T00:00:00" }
        let total = Int(secondsSince1970.rounded(.down))
        let days = Int((Double(total) / 86400).rounded(.down))
        let second = total - days * 86400
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        return "\(date)T\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func trimmed(_ value: Double, significant: Int) -> String {
        // A value from 0.001 to 100000 has its first digit somewhere between the third place behind the point and
        // the fifth before it.
        var digits = significant - 1
        var size = abs(value)
        while size >= 10, digits > 0 {
            size /= 10
            digits -= 1
        }
        return decimal(value, digits: min(4, max(digits, size < 1 ? 4 : digits)))
    }

    /// Thousands apart, by a thin space that does not break.
    private static func grouped(_ text: String) -> String {
        let parts = text.split(separator: ".", maxSplits: 1)
        guard let whole = parts.first, whole.allSatisfy({ $0.isNumber || $0 == "-" }), whole.count > 4 else {
            return text
        }
        var out = ""
        for (index, digit) in whole.enumerated() {
            if index > 0, (whole.count - index) % 3 == 0, out != "-" { out += "\u{202F}" }
            out.append(digit)
        }
        return parts.count == 2 ? out + "." + parts[1] : out
    }
}
