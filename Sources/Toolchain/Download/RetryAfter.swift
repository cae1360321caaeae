// How long a server asks to be left alone: seconds, or a date (RFC 9110, 10.2.3), which is held against the date of the
// same answer, so that no clock of ours is asked. Of the three forms of a date only the one that servers must send is
// read (5.6.7); the others are as if nothing were said.

extension ResponseHead {
    /// The seconds of `Retry-After`; nil where there is none that can be read.
    var retryAfterSeconds: Double? {
        guard let text = fields["retry-after"] else { return nil }
        if let seconds = Double(text) { return seconds.isFinite ? max(0, seconds) : nil }
        guard let then = Self.seconds(ofDate: text), let now = fields["date"].flatMap({ Self.seconds(ofDate: $0) })
        else { return nil }
        return Double(max(0, then - now))
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT` in seconds since 1970.
    private static func seconds(ofDate text: String) -> Int? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let day = Int(words[1]), (1...31).contains(day),
            let month = months.firstIndex(of: String(words[2])), let year = Int(words[3]), (1970...9999).contains(year)
        else { return nil }
        let time = words[4].split(separator: ":").compactMap { Int($0) }
        guard time.count == 3, (0..<24).contains(time[0]), (0..<60).contains(time[1]), (0...60).contains(time[2]) else {
            return nil
        }
        // Years that begin in March have their leap day last: day 306 is the 1st of January.
        let years = month < 2 ? year - 1 : year
        let dayOfYear = (153 * ((month + 10) % 12) + 2) / 5 + day - 1
        let days = 365 * years + years / 4 - years / 100 + years / 400 + dayOfYear - 719_468
        return ((days * 24 + time[0]) * 60 + time[1]) * 60 + time[2]
    }
}
