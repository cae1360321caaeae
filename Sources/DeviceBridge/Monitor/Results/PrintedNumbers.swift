// A list of numbers as a board prints it, `-0.39,0.06,nan,`: checked at once, read as numbers only when somebody asks.

/// Numbers as printed.
struct PrintedNumbers: Equatable, Sendable {
    /// The text, tokens and commas.
    let bytes: [UInt8]

    /// The tokens, as NumberToken reads them.
    var tokens: [NumberToken] { NumberToken.list(bytes[...]) ?? [] }

    /// The numbers; what is not a finite one is nan.
    var values: [Double] { tokens.map { $0.value ?? .nan } }

    /// The numbers as JSON, token by token: a token that JSON takes stays as it was printed.
    func writeJSON(to out: inout [UInt8]) {
        out.append(0x5B)
        if let length = bytes.withUnsafeBufferPointer(NumberScan.lengthOfJSONList) {
            out += bytes[..<length]
            out.append(0x5D)
            return
        }
        var isFirst = true
        for part in bytes.split(separator: 0x2C) {
            let token = part.trimmed
            if token.isEmpty { continue }
            if !isFirst { out.append(0x2C) }
            isFirst = false
            if NumberScan.isJSON(token) {
                out += token
            } else if let value = NumberToken(token)?.value {
                out += value.description.utf8
            } else {
                out += "null".utf8
            }
        }
        out.append(0x5D)
    }
}

/// Reads and checks numbers in bytes.
enum NumberScan {
    /// What a list is.
    enum ListForm: Equatable {
        /// Not a list of numbers, or one that only the careful reader can judge.
        case unclear
        /// So many finite decimal numbers and nothing else.
        case plain(Int)
    }

    /// Looks at a list of decimal numbers between commas and spaces in one pass.
    static func listForm(_ bytes: UnsafeBufferPointer<UInt8>) -> ListForm {
        var count = 0
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            if byte == 0x2C || byte == 0x20 || byte == 0x09 {
                at += 1
                continue
            }
            let usual = lengthOfUsual(bytes, at)
            if usual > 0 {
                at += usual
                count += 1
                continue
            }
            let short = lengthOfShort(bytes, at)
            if short > 0 {
                at += short
                count += 1
                continue
            }
            let start = at
            // Signs come by chance: a step that needs no guess of the processor.
            at &+= byte == 0x2D || byte == 0x2B ? 1 : 0
            let whole = at
            while at < bytes.count, bytes[at] &- 0x30 < 10 { at += 1 }
            var digits = at - whole
            if at < bytes.count, bytes[at] == 0x2E {
                at += 1
                let fraction = at
                while at < bytes.count, bytes[at] &- 0x30 < 10 { at += 1 }
                digits += at - fraction
            }
            guard digits > 0, at - start <= 40 else { return .unclear }
            count += 1
            // Spaces may follow, another number only behind a comma.
            while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x09 { at += 1 }
            if at < bytes.count, bytes[at] != 0x2C { return .unclear }
        }
        return .plain(count)
    }

    /// The length of a number with its comma in the form that nearly all have, `0.39,` or `-0.39,`, told from eight bytes
    /// at once; 0 where it has another.
    private static func lengthOfUsual(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        guard start + 9 <= bytes.count, let base = bytes.baseAddress else { return 0 }
        let sign = bytes[start] == 0x2D ? 1 : 0
        let word = UnsafeRawPointer(base + start + sign).loadUnaligned(as: UInt64.self).littleEndian
        // A digit becomes its value, the point and the comma become 0; a value above 9 overflows into bit 4.
        let rest = word ^ 0x2C_3030_2E30
        return rest & 0xFF_F0F0_FFF0 == 0 && (rest &+ 0x00_0606_0006) & 0x00_1010_0010 == 0 ? 5 + sign : 0
    }

    /// The length of a number of up to seven characters with its comma, `157,` or `-12.5,`, told from eight bytes at once;
    /// 0 where it has another form.
    private static func lengthOfShort(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        guard start + 8 <= bytes.count, let base = bytes.baseAddress else { return 0 }
        let high: UInt64 = 0x8080_8080_8080_8080, ones: UInt64 = 0x0101_0101_0101_0101
        let word = UnsafeRawPointer(base + start).loadUnaligned(as: UInt64.self).littleEndian
        let commas = word ^ 0x2C2C_2C2C_2C2C_2C2C
        let found = (commas &- ones) & ~commas & high
        guard found != 0 else { return 0 }
        let length = found.trailingZeroBitCount / 8
        let inside = (UInt64(1) << UInt64(8 * length)) &- 1
        let sign = bytes[start] == 0x2D ? 1 : 0
        // The top bit of each byte that is no digit, but for the sign.
        let values = word ^ 0x3030_3030_3030_3030
        var others = (((values & ~high) &+ 0x7676_7676_7676_7676) | values) & high & inside
        if sign == 1 { others &= ~0x80 }
        var digits = length - sign
        if others != 0 {
            // One of them may be a point.
            let place = others.trailingZeroBitCount & ~7
            guard others & (others &- 1) == 0, UInt8(truncatingIfNeeded: word >> UInt64(place)) == 0x2E else {
                return 0
            }
            digits -= 1
        }
        return digits > 0 ? length + 1 : 0
    }

    /// The value of plain decimal digits with a sign and a point; nil where the system's reader is to be asked.
    static func value(_ bytes: some Collection<UInt8>) -> Double? {
        var mantissa: UInt64 = 0
        var digits = 0
        var fraction = 0
        var isNegative = false
        var sawPoint = false
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case 0x2D where index == 0: isNegative = true
            case 0x2B where index == 0: break
            case 0x2E where !sawPoint: sawPoint = true
            case 0x30...0x39:
                mantissa = mantissa * 10 + UInt64(byte - 0x30)
                digits += 1
                if sawPoint { fraction += 1 }
                // Up to here mantissa and power of ten are exact doubles, and their quotient is rounded once.
                if digits > 15 { return nil }
            case _: return nil
            }
        }
        guard digits > 0 else { return nil }
        let value = Double(mantissa) / powers[fraction]
        return isNegative ? -value : value
    }

    private static let powers: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ]

    /// The length of a list, without the comma it may end in, when it could stand in JSON as it is.
    static func lengthOfJSONList(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var at = 0
        let end = bytes.last == 0x2C ? bytes.count - 1 : bytes.count
        while true {
            let usual = lengthOfUsual(bytes, at)
            if usual > 0, at + usual < end {
                at += usual
                continue
            }
            if at < end, bytes[at] == 0x2D { at += 1 }
            let whole = at
            while at < end, bytes[at] &- 0x30 < 10 { at += 1 }
            guard at > whole, bytes[whole] != 0x30 || at == whole + 1 else { return nil }
            if at < end, bytes[at] == 0x2E {
                at += 1
                let fraction = at
                while at < end, bytes[at] &- 0x30 < 10 { at += 1 }
                guard at > fraction else { return nil }
            }
            if at == end { return end }
            guard bytes[at] == 0x2C else { return nil }
            at += 1
        }
    }

    /// Whether a token is a number as JSON writes it: no plus, no superfluous zero, digits on both sides of the point.
    static func isJSON(_ token: ArraySlice<UInt8>) -> Bool {
        var rest = token
        if rest.first == 0x2D { rest.removeFirst() }
        guard let first = rest.first, first.isDigit else { return false }
        let whole = rest.prefix(while: \.isDigit)
        if first == 0x30, whole.count > 1 { return false }
        rest = rest.dropFirst(whole.count)
        guard rest.first == 0x2E else { return rest.isEmpty }
        rest.removeFirst()
        return !rest.isEmpty && rest.allSatisfy(\.isDigit)
    }
}

extension ArraySlice<UInt8> {
    /// Without spaces and tabs at both ends.
    var trimmed: ArraySlice<UInt8> {
        var rest = self
        while let first = rest.first, first == 0x20 || first == 0x09 { rest.removeFirst() }
        while let last = rest.last, last == 0x20 || last == 0x09 { rest.removeLast() }
        return rest
    }
}
