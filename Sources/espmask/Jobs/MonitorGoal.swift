// What `monitor` waits for: a number of predictions, or a line.

import DeviceBridge

/// What `--until` waits for.
enum MonitorGoal {
    case forever
    case predictions(Int)
    case match(Regex<AnyRegexOutput>)

    /// So much of a line is searched: an expression may take long on a line of a quarter of a million characters.
    private static let searched = 1 << 14

    /// Reads the flag's value. Throws `usage`.
    init(until text: String?) throws(Failure) {
        guard let text else {
            self = .forever
            return
        }
        if text.hasPrefix("count=") {
            guard let count = Int(text.dropFirst(6)), count > 0 else {
                throw Failure("usage", "'\(text)' is no number of predictions", hint: "Write for example count=5.")
            }
            self = .predictions(count)
            return
        }
        do { self = .match(try Regex(text)) } catch {
            throw Failure("usage", "'\(text)' is no regular expression: \(error)", hint: "Quote it for the shell.")
        }
    }

    /// The number of the line with which an event meets the goal; `predictions` counts those up to it.
    func metLine(by event: MonitorEvent, predictions: Int) -> Int? {
        switch (self, event) {
        case (.predictions(let count), .inference(let inference)):
            return predictions >= count ? inference.line : nil
        case (.match(let regex), .line(let line)):
            let found = try? regex.firstMatch(in: line.text.prefix(Self.searched))
            return found == nil ? nil : line.number
        case (.forever, _), (.predictions, _), (.match, _): return nil
        }
    }

    /// What did not happen.
    func missed(predictions: Int) -> String {
        switch self {
        case .forever: "anything happened"
        case .predictions(let count): "\(count) predictions came; \(predictions) did"
        case .match: "a line matched --until"
        }
    }
}
