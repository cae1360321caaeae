// The lines that the workshop's sketches and ours print once for each prediction, read where they lie: a log of a gigabyte
// is mostly these. Only what is exactly in the usual form is taken; everything else is left to the careful readers, which
// make the same of it.

/// A line of a prediction in its usual form.
enum WorkshopLine {
    /// `predicted: 0.47`
    case prediction(NumberToken)
    /// `espmask: n=1 out=3ef0a3d7 us=812`
    case result(bits: String, microseconds: Int)
    /// `espmask: ready`
    case ready

    /// Reads a line; nil where it is another or has another form.
    init?(_ text: UnsafeBufferPointer<UInt8>) {
        switch text.first {
        case 0x70: self.init(prediction: text)
        case 0x65:
            if text.count == 14, text.holdsAtStart("espmask: ready") { self = .ready } else { self.init(result: text) }
        case _: return nil
        }
    }

    /// Whether it is the line with the output.
    var isPrediction: Bool { if case .prediction = self { true } else { false } }

    private init?(prediction text: UnsafeBufferPointer<UInt8>) {
        guard text.count > 11, text.count <= 31, text.holdsAtStart("predicted: ") || text.holdsAtStart("prediction: ")
        else { return nil }
        let start = text[10] == 0x20 ? 11 : 12
        let digits = UnsafeBufferPointer(rebasing: text[start...])
        guard let value = NumberScan.value(digits) else { return nil }
        self = .prediction(NumberToken(text: String(decoding: digits, as: UTF8.self), value: value))
    }

    private init?(result text: UnsafeBufferPointer<UInt8>) {
        guard text.holdsAtStart("espmask: n=") else { return nil }
        var at = 11
        guard Self.count(text, &at) != nil, text.holds(" out=", at: at) else { return nil }
        at += 5
        let bits = at
        while at < text.count, text[at].hexDigit != nil { at += 1 }
        let end = at
        guard end > bits, text.holds(" us=", at: at) else { return nil }
        at += 4
        guard let microseconds = Self.count(text, &at), at == text.count else { return nil }
        self = .result(
            bits: String(decoding: UnsafeBufferPointer(rebasing: text[bits..<end]), as: UTF8.self),
            microseconds: microseconds)
    }

    /// A number of up to nine digits, which surely fits.
    private static func count(_ text: UnsafeBufferPointer<UInt8>, _ at: inout Int) -> Int? {
        let start = at
        var number = 0
        while at < text.count, at - start < 10, text[at].isDigit {
            number = number * 10 + Int(text[at] - 0x30)
            at += 1
        }
        return (1...9).contains(at - start) ? number : nil
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether it begins with a text.
    func holdsAtStart(_ word: StaticString) -> Bool { holds(word, at: 0) }

    /// Whether a text stands at a place.
    func holds(_ word: StaticString, at start: Int) -> Bool {
        let length = word.utf8CodeUnitCount
        guard start <= count - length else { return false }
        for index in 0..<length where self[start + index] != word.utf8Start[index] { return false }
        return true
    }
}
