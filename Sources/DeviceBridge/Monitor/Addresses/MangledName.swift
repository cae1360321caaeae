// Reads the common C++ names back: namespaces, classes, constructors, destructors. Templates and operators stay as
// they are. Source: the Itanium C++ ABI, section 5.1.

enum MangledName {
    /// `Model::predict` for `_ZN5Model7predictEv`; what cannot be read is returned as it is.
    static func readable(_ name: String) -> String {
        let bytes = Array(name.utf8)
        guard bytes.starts(with: "_Z".utf8) else { return name }
        var scan = ByteScanner(bytes, at: 2)
        guard scan.take("N") else {
            return part(&scan) ?? name
        }
        while scan.take("K") || scan.take("V") || scan.take("r") {}
        var parts: [String] = []
        while !scan.take("E") {
            if let next = part(&scan) {
                parts.append(next)
            } else if let last = parts.last, scan.take("C1") || scan.take("C2") || scan.take("C3") {
                parts.append(last)
            } else if let last = parts.last, scan.take("D0") || scan.take("D1") || scan.take("D2") {
                parts.append("~" + last)
            } else {
                return name
            }
        }
        return parts.isEmpty ? name : parts.joined(separator: "::")
    }

    /// A length and so many letters; internal linkage is marked by an L before.
    private static func part(_ scan: inout ByteScanner) -> String? {
        let start = scan.at
        _ = scan.take("L")
        guard let length = scan.decimal(), length > 0, length <= scan.bytes.count - scan.at else {
            scan.at = start
            return nil
        }
        defer { scan.at += length }
        let text = String(decoding: scan.bytes[scan.at..<scan.at + length], as: UTF8.self)
        return text.hasPrefix("_GLOBAL__N") ? "(anonymous namespace)" : text
    }
}
