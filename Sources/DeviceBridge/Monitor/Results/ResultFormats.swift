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
            let found = Self.examples(line.bytes) ?? Self.person(line.bytes) ?? Self.chosen(line.bytes)
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

    /// Where the first `key`, in small letters, ends; compared without regard to case.
    private static func end(
        of key: StaticString, in bytes: [UInt8], from: Int = 0, atWordStart: Bool = true
    ) -> Int? {
        let count = key.utf8CodeUnitCount
        guard bytes.count >= count, from <= bytes.count - count else { return nil }
        return bytes.withUnsafeBufferPointer { bytes in
            for start in from...(bytes.count - count) where bytes[start].lowercase == key.utf8Start[0] {
                var index = 1
                while index < count, bytes[start + index].lowercase == key.utf8Start[index] { index += 1 }
                guard index == count else { continue }
                if atWordStart, start > 0 {
                    let before = bytes[start - 1]
                    if before.isLetter || before.isDigit || before == 0x5F { continue }
                }
                return start + count
            }
            return nil
        }
    }

    /// TensorFlow Lite Micro's hello_world and micro_speech, and what is written after their model.
    private static func examples(_ bytes: [UInt8]) -> ResultLine? {
        for (first, second) in [("x_value:", "y_value:"), ("input:", "output:")] as [(StaticString, StaticString)] {
            guard let input = end(of: first, in: bytes), let output = end(of: second, in: bytes, from: input),
                let before = number(bytes, at: input), let after = number(bytes, at: output)
            else { continue }
            return .pair(input: before, output: after)
        }
        if let start = end(of: "heard ", in: bytes), bytes[start - 6] == 0x48,
            let open = bytes[start...].firstIndex(of: 0x28), bytes[open...].contains(0x40)
        {
            let name = bytes[start..<open].trimmed
            let inside = bytes[(open + 1)...].prefix { $0 != 0x29 }
            if let score = NumberToken(inside), !name.isEmpty {
                return .named(String(String(decoding: name, as: UTF8.self).prefix(48)), score)
            }
        }
        return nil
    }

    /// TensorFlow Lite Micro's person detection in its versions: two scores in a line or in two lines.
    private static func person(_ bytes: [UInt8]) -> ResultLine? {
        // The positive score is the one that no "no" or "not" goes before.
        var (positive, negative): (NumberToken?, NumberToken?)
        var from = 0
        while let start = end(of: "person score", in: bytes, from: from, atWordStart: false) {
            from = start
            let before = bytes[..<(start - 12)].suffix(4).map(\.lowercase)
            let isNegative = before.suffix(3).elementsEqual("no ".utf8) || before.elementsEqual("not ".utf8)
            if isNegative, negative == nil { negative = number(bytes, at: start) }
            if !isNegative, positive == nil { positive = number(bytes, at: start) }
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

    private static func chosen(_ bytes: [UInt8]) -> ResultLine? {
        for key: StaticString in ["predicted class", "predicted label", "predicted digit"] {
            guard let start = end(of: key, in: bytes) else { continue }
            let rest = bytes[start...].drop { $0 == 0x20 || $0 == 0x3A || $0 == 0x3D }
            let word = rest.starts(with: "is".utf8) ? rest.dropFirst(2).drop { $0 == 0x20 || $0 == 0x3A } : rest
            if !word.isEmpty { return .chosenClass(String(String(decoding: word, as: UTF8.self).prefix(64).trimmed)) }
        }
        return nil
    }

    /// The number that follows a key, after a colon, an equals sign or nothing.
    private static func number(_ bytes: [UInt8], at start: Int) -> NumberToken? {
        let rest = bytes[start...].drop { $0 == 0x20 || $0 == 0x3A || $0 == 0x3D || $0 == 0x09 }
        return NumberToken(rest.prefix { $0 != 0x20 && $0 != 0x2C && $0 != 0x25 && $0 != 0x09 })
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
