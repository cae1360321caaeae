// What a board is told to do wrong: one value per fault, and the text form `KIND:key=value,...;KIND:...` of the
// command line and the scripts. Making it happen is FaultInjector's.

/// A direction, seen from the board.
public enum FaultDirection: String, CaseIterable, Sendable {
    /// Towards the board.
    case rx
    /// From the board to the host.
    case tx
}

/// Which bytes of a direction a fault hits, counted from 1 since the fault was added.
public enum FaultPosition: Equatable, Sendable {
    /// One byte only.
    case byte(Int)
    /// Every so many bytes.
    case every(Int)
}

/// One way of misbehaving.
public enum FaultSpec: Equatable, Sendable {
    /// Bytes vanish. A nil direction means both, each with a count of its own.
    case drop(FaultPosition, FaultDirection?)
    /// One bit of a byte is turned over, the fifth where none is named.
    case corrupt(FaultPosition, FaultDirection?, bit: Int = 4)
    /// Bytes come twice.
    case duplicate(FaultPosition, FaultDirection?)
    /// Bytes, and all behind them, come this many milliseconds of board time later.
    case delay(FaultPosition, FaultDirection?, milliseconds: Int)
    /// The line hangs up instead of carrying that byte, once.
    case disconnect(byte: Int, FaultDirection?)
    /// Power fails in the middle of the flash program or erase with that number, counted from 1 since it was added.
    case powerCut(write: Int)
    /// The supply sags after so much board time: a reset with the brownout cause.
    case brownout(milliseconds: Int)
    /// One bit of the flash is turned over once or, with a value, is stuck at it.
    case flashBit(offset: Int, bit: Int, stuckAt: Bool?)
    /// Each byte is dropped, corrupted or duplicated with this probability; the same seed does the same again.
    case rate(probability: Double, seed: UInt64, FaultDirection?)

    /// Reads a `--fault` argument, one or several faults separated by `;`.
    ///
    /// Throws `usage`, saying what is wrong where, with an example that is right.
    public static func parse(_ text: String) throws(VirtualBoardError) -> [FaultSpec] {
        var specs: [FaultSpec] = []
        for part in text.split(separator: ";", omittingEmptySubsequences: false) {
            specs.append(try FaultParser(part).spec())
        }
        return specs
    }
}

/// Reads one fault.
private struct FaultParser {
    private static let examples = [
        "drop": "drop:byte=100,dir=tx", "corrupt": "corrupt:every=5000,dir=rx", "duplicate": "duplicate:byte=64,dir=rx",
        "delay": "delay:byte=100,ms=500,dir=tx", "disconnect": "disconnect:byte=4096,dir=rx",
        "power-cut": "power-cut:write=12", "brownout": "brownout:ms=250",
        "flash-bit": "flash-bit:offset=0x10020,bit=3", "rate": "rate:p=0.001,seed=7,dir=tx",
    ]
    private static let keys: [String: Set<String>] = [
        "drop": ["byte", "every", "dir"], "corrupt": ["byte", "every", "dir", "bit"],
        "duplicate": ["byte", "every", "dir"],
        "delay": ["byte", "every", "dir", "ms"], "disconnect": ["byte", "dir"], "power-cut": ["write"],
        "brownout": ["ms"], "flash-bit": ["offset", "bit", "stuck"], "rate": ["p", "seed", "dir"],
    ]

    private let text: String
    private let kind: String
    private var values: [String: String] = [:]

    init(_ part: Substring) throws(VirtualBoardError) {
        text = Self.trimmed(part)
        let pieces = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        kind = Self.trimmed(pieces.first ?? "")
        guard let known = Self.keys[kind] else {
            let kinds = Self.keys.keys.sorted().joined(separator: ", ")
            throw Self.error(
                kind.isEmpty ? "an empty fault" : "no such fault: '\(Self.shown(kind))'", "the faults are \(kinds)",
                "corrupt:byte=100,dir=tx")
        }
        guard pieces.count == 2 else { return }
        for pair in pieces[1].split(separator: ",", omittingEmptySubsequences: false) {
            try take(Self.trimmed(pair), known)
        }
    }

    private mutating func take(_ pair: String, _ known: Set<String>) throws(VirtualBoardError) {
        let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2 else { throw wrong("'\(Self.shown(pair))' is not key=value") }
        let key = Self.trimmed(sides[0])
        guard known.contains(key) else {
            throw wrong("'\(Self.shown(key))' is no key of it (keys: \(known.sorted().joined(separator: ", ")))")
        }
        guard values.updateValue(Self.trimmed(sides[1]), forKey: key) == nil else { throw wrong("'\(key)' twice") }
    }

    func spec() throws(VirtualBoardError) -> FaultSpec {
        switch kind {
        case "drop": return .drop(try position(), try direction())
        case "corrupt":
            let bit = values["bit"] == nil ? 4 : try integer("bit", 0...7)
            return .corrupt(try position(), try direction(), bit: bit)
        case "duplicate": return .duplicate(try position(), try direction())
        case "delay":
            return .delay(try position(), try direction(), milliseconds: try integer("ms", 1...86_400_000))
        case "disconnect": return .disconnect(byte: try integer("byte", 1...Int.max), try direction())
        case "power-cut": return .powerCut(write: try integer("write", 1...Int.max))
        case "brownout": return .brownout(milliseconds: try integer("ms", 0...86_400_000))
        case "flash-bit": return try flashBit()
        case "rate":
            return .rate(probability: try probability(), seed: try seed(), try direction())
        default: throw wrong("it is not known")
        }
    }

    private func position() throws(VirtualBoardError) -> FaultPosition {
        switch (values["byte"], values["every"]) {
        case (.some, .none): return .byte(try integer("byte", 1...Int.max))
        case (.none, .some): return .every(try integer("every", 1...Int.max))
        case (.none, .none): throw wrong("byte=N or every=N is missing")
        case (.some, .some): throw wrong("byte and every exclude each other")
        }
    }

    private func direction() throws(VirtualBoardError) -> FaultDirection? {
        guard let value = values["dir"] else { return nil }
        guard let direction = FaultDirection(rawValue: value) else {
            throw wrong("dir is rx (to the board) or tx (from it), not '\(Self.shown(value))'")
        }
        return direction
    }

    private func flashBit() throws(VirtualBoardError) -> FaultSpec {
        let stuck = values["stuck"] == nil ? nil : try integer("stuck", 0...1) == 1
        return .flashBit(
            offset: try integer("offset", 0...0xFF_FFFF), bit: try integer("bit", 0...7), stuckAt: stuck)
    }

    private func probability() throws(VirtualBoardError) -> Double {
        guard let value = values["p"] else { throw wrong("p=PROBABILITY is missing") }
        guard let number = Double(value), number >= 0, number <= 1 else {
            throw wrong("p is a number from 0 to 1, not '\(Self.shown(value))'")
        }
        return number
    }

    private func seed() throws(VirtualBoardError) -> UInt64 {
        guard let value = values["seed"] else { return 1 }
        guard let number = UInt64(value) else { throw wrong("seed is a whole number, not '\(Self.shown(value))'") }
        return number
    }

    private func integer(_ key: String, _ range: ClosedRange<Int>) throws(VirtualBoardError) -> Int {
        guard let value = values[key] else { throw wrong("\(key)=N is missing") }
        let isHex = value.hasPrefix("0x") || value.hasPrefix("0X")
        let number = isHex ? Int(value.dropFirst(2), radix: 16) : Int(value)
        guard let number, range.contains(number) else {
            let bounds =
                range.upperBound == .max
                ? "from \(range.lowerBound) up" : "from \(range.lowerBound) to \(range.upperBound)"
            throw wrong("\(key) is a whole number \(bounds), not '\(Self.shown(value))'")
        }
        return number
    }

    private func wrong(_ what: String) -> VirtualBoardError {
        Self.error("\(kind): \(what)", "write it as in the example", Self.examples[kind] ?? "corrupt:byte=100,dir=tx")
    }

    private static func error(_ what: String, _ hint: String, _ example: String) -> VirtualBoardError {
        VirtualBoardError(code: "usage", message: "fault spec: \(what)", hint: "\(hint); for example \(example)")
    }

    private static func shown(_ text: String) -> String { String(text.prefix(40)) }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let body = text.drop { $0.isWhitespace }
        return String(String(body.reversed().drop { $0.isWhitespace }).reversed())
    }
}
