// How other firmware prints a prediction: TensorFlow Lite Micro's examples, EloquentTinyML's, Edge Impulse's. One
// table of line shapes; the workshop's own lines are in InferenceParser.

/// Something a line says about a prediction.
enum ResultLine: Equatable {
    /// A whole prediction: its outputs and, where the line names it, the class.
    case outputs([NumberToken], label: String?)
    /// An input and its output (`x_value: 1.57, y_value: 0.99`).
    case pair(input: NumberToken, output: NumberToken)
    /// A class and its score (`Heard yes (201) @1200ms`).
    case named(String, NumberToken)
    /// The first half of a prediction in two lines (`Person score: 149`).
    case firstScore(NumberToken)
    /// The second half (`Not person score: 176`).
    case secondScore(NumberToken)
    /// The class that was chosen; the outputs stood in the line before.
    case chosenClass(String)

    // A prediction with ten thousand outputs is still one.
    private static let longestLine = 1 << 17

    init?(_ line: MonitorLine, _ traits: LineTraits) {
        guard line.bytes.count < Self.longestLine else { return nil }
        if traits.contains(.prediction), let found = Self.workshop(line.bytes) {
            self = found
            return
        }
        guard traits.contains(.otherResult),
            let found = Self.examples(line.text) ?? Self.person(line) ?? Self.chosen(line)
        else { return nil }
        self = found
    }

    /// `predicted: 0.47`, `prediction: 0.10,0.90`, also after other text as EloquentTinyML's sine example prints it.
    private static func workshop(_ bytes: [UInt8]) -> ResultLine? {
        for key: StaticString in ["predicted:", "prediction:"] {
            guard let start = end(of: key, in: bytes) else { continue }
            let rest = bytes[start...].trimmed
            if let tokens = NumberToken.list(rest) { return .outputs(tokens, label: nil) }
            let word = rest.prefix { $0 != 0x20 && $0 != 0x09 && $0 != 0x2C }
            if let token = NumberToken(word) { return .outputs([token], label: nil) }
        }
        return nil
    }

    /// Where the first `key` ends that begins a word; compared without regard to case.
    private static func end(of key: StaticString, in bytes: [UInt8]) -> Int? {
        let count = key.utf8CodeUnitCount
        guard bytes.count >= count else { return nil }
        for start in 0...(bytes.count - count) where bytes[start] | 0x20 == key.utf8Start[0] {
            guard (0..<count).allSatisfy({ bytes[start + $0].lowercase == key.utf8Start[$0] }) else { continue }
            if start > 0, bytes[start - 1].isLetter || bytes[start - 1].isDigit || bytes[start - 1] == 0x5F { continue }
            return start + count
        }
        return nil
    }

    /// TensorFlow Lite Micro's hello_world and micro_speech, and what is written after their model.
    private static func examples(_ text: String) -> ResultLine? {
        let lower = text.lowercased()
        for (first, second) in [("x_value:", "y_value:"), ("input:", "output:")] {
            guard let input = lower.firstPosition(of: first, atWordStart: true),
                let output = lower[input...].firstPosition(of: second, atWordStart: true),
                let before = number(in: lower[input...]), let after = number(in: lower[output...])
            else { continue }
            return .pair(input: before, output: after)
        }
        if let start = text.firstPosition(of: "Heard ", atWordStart: true),
            let open = text[start...].firstIndex(of: "("), text[open...].contains("@")
        {
            let name = text[start..<open].trimmed
            let inside = text[text.index(after: open)...].prefix { $0 != ")" }
            if let score = NumberToken(inside), !name.isEmpty { return .named(String(name.prefix(48)), score) }
        }
        return nil
    }

    /// TensorFlow Lite Micro's person detection in its versions: two scores in a line or in two lines.
    private static func person(_ line: MonitorLine) -> ResultLine? {
        guard line.bytes.lowercased.holds("person score") else { return nil }
        let lower = String(decoding: line.bytes.lowercased, as: UTF8.self)
        let negative = number(after: "no person score", in: lower) ?? number(after: "not person score", in: lower)
        // The positive score is the one that no "no" or "not" goes before.
        var positive: NumberToken?
        var from = lower.startIndex
        while let start = lower[from...].firstPosition(of: "person score") {
            let before = lower[..<start].dropLast("person score".count)
            if !before.hasSuffix("no ") && !before.hasSuffix("not ") {
                positive = number(in: lower[start...])
                break
            }
            from = start
        }
        switch (positive, negative) {
        case (let yes?, let no?):
            let chosen = (yes.value ?? 0) >= (no.value ?? 0) ? "person" : "no person"
            return .outputs([yes, no], label: chosen)
        case (let yes?, nil): return .firstScore(yes)
        case (nil, let no?): return .secondScore(no)
        case (nil, nil): return nil
        }
    }

    private static func chosen(_ line: MonitorLine) -> ResultLine? {
        let lower = String(decoding: line.bytes.lowercased, as: UTF8.self)
        for key in ["predicted class", "predicted label", "predicted digit"] {
            guard let start = lower.firstPosition(of: key, atWordStart: true) else { continue }
            let rest = line.text[start...].drop { $0 == " " || $0 == ":" || $0 == "=" }
            let word = rest.hasPrefix("is") ? rest.dropFirst(2).drop { $0 == " " || $0 == ":" } : rest
            if !word.isEmpty { return .chosenClass(String(word.prefix(64).trimmed)) }
        }
        return nil
    }

    private static func number(after key: String, in text: String) -> NumberToken? {
        text.firstPosition(of: key).flatMap { number(in: text[$0...]) }
    }

    /// The number that follows a key, after a colon, an equals sign or nothing.
    private static func number(in text: Substring) -> NumberToken? {
        let rest = text.drop { $0 == " " || $0 == ":" || $0 == "=" || $0 == "\t" }
        return NumberToken(rest.prefix { $0 != " " && $0 != "," && $0 != "%" && $0 != "\t" })
    }
}

extension StringProtocol {
    /// The position behind the first `key`; with `atWordStart` only where no letter or digit goes before it.
    func firstPosition(of key: String, atWordStart: Bool = false) -> Index? {
        let bytes = Array(utf8), wanted = Array(key.utf8)
        guard let first = wanted.first, bytes.count >= wanted.count else { return nil }
        for start in 0...(bytes.count - wanted.count) where bytes[start] == first {
            guard bytes[start..<start + wanted.count].elementsEqual(wanted) else { continue }
            if atWordStart, start > 0, bytes[start - 1].isLetter || bytes[start - 1].isDigit || bytes[start - 1] == 0x5F
            {
                continue
            }
            return utf8.index(startIndex, offsetBy: start + wanted.count)
        }
        return nil
    }
}

extension [UInt8] {
    /// With ASCII capitals made small; positions stay.
    var lowercased: [UInt8] { map(\.lowercase) }
}
