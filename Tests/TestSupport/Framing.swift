// Proves that a decoder does not care how its bytes were cut: whole, glued to themselves, and byte by byte.

/// One way of cutting the same bytes into pieces.
public enum Cutting: CaseIterable, Sendable {
    /// All bytes in one piece.
    case whole
    /// One byte at a time.
    case byteByByte
    /// Pieces of three bytes, so that pairs are cut at both phases.
    case threes

    /// The pieces.
    public func pieces(of bytes: [UInt8]) -> [[UInt8]] {
        switch self {
        case .whole: return [bytes]
        case .byteByByte: return bytes.map { [$0] }
        case .threes:
            return stride(from: 0, to: bytes.count, by: 3).map { Array(bytes[$0..<min($0 + 3, bytes.count)]) }
        }
    }
}

/// Feeds `bytes` to fresh decoders in every cutting, and the bytes twice in one go, and returns a description of
/// the first cutting whose messages differ from `expected`, or nil when all agree.
public func framingFault<Message: Equatable>(
    _ bytes: [UInt8], expected: [Message], decoder: () -> ([UInt8]) -> [Message]
) -> String? {
    for cutting in Cutting.allCases {
        let feed = decoder()
        let got = cutting.pieces(of: bytes).flatMap { feed($0) }
        if got != expected { return "\(cutting): \(got)" }
    }
    let feed = decoder()
    let glued = feed(bytes + bytes)
    return glued == expected + expected ? nil : "glued: \(glued)"
}

/// Bytes from hex digits; white space between them is ignored.
public func hex(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var high: UInt8?
    for character in text where !character.isWhitespace {
        guard let digit = character.hexDigitValue.map({ UInt8($0) }) else {
            fatalError("hex(\"\(text)\"): '\(character)' is no hex digit")
        }
        if let first = high {
            bytes.append(first << 4 | digit)
            high = nil
        } else {
            high = digit
        }
    }
    precondition(high == nil, "hex: odd number of digits")
    return bytes
}
