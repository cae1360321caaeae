// Manifests come from elsewhere, and their names become paths: only what cannot leave its folder is taken.

enum ManifestNames {
    /// True for a name that is one plain path component.
    static func isPlain(_ name: String) -> Bool {
        guard !name.isEmpty, name.utf8.count <= 200, name != ".", name != "..", !name.hasPrefix("-") else {
            return false
        }
        return name.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "+"), UInt8(ascii: "~"), UInt8(ascii: "@"), UInt8(ascii: "="), UInt8(ascii: ","):
                true
            case _: false
            }
        }
    }

    /// True for a name that could lead to another place than the one it is given, or be taken for an option.
    static func isHostile(_ name: String) -> Bool {
        name.isEmpty || name == "." || name == ".." || name.hasPrefix("-")
            || name.utf8.contains { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
    }

    /// True for a file's name, of which more is taken than of a folder's.
    static func isFileName(_ name: String) -> Bool { !isHostile(name) && name.utf8.count <= 200 }

    /// True for path components below a folder; an empty one stands for the folder itself.
    static func areInside(_ components: [String]) -> Bool {
        components.allSatisfy { component in
            component.isEmpty
                || component != ".." && !component.utf8.contains(UInt8(ascii: "/")) && !component.utf8.contains(0)
        }
    }

    /// True for the name of an environment variable that a tool may set: not one that the system itself heeds.
    static func isVariable(_ name: String) -> Bool {
        BareBuild.isDefinition(name) && !name.contains("=") && !name.hasPrefix("LD_") && !name.hasPrefix("DYLD_")
            && name != "PATH"
    }

    /// The last component of a URL's path, without query and fragment.
    static func fileName(ofURL url: String) -> String {
        let path = url.prefix { $0 != "?" && $0 != "#" }
        return path.split(separator: "/", omittingEmptySubsequences: false).last.map { String($0) } ?? ""
    }

    /// True for a URL of a scheme that is understood.
    static func isURL(_ url: String) -> Bool {
        ["https://", "http://", "file:///"].contains { url.hasPrefix($0) && url.utf8.count > $0.utf8.count }
            && url.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    }
}

/// Orders versions as people do: numbers by value, and `1.0-rc1` before `1.0`.
package func isOlderVersion(_ left: String, than right: String) -> Bool {
    func parts(_ text: String) -> [(number: Int?, text: Substring)] {
        text.split(whereSeparator: { $0 == "." || $0 == "-" || $0 == "_" || $0 == "+" }).map { (Int($0), $0) }
    }
    let (first, second) = (parts(left), parts(right))
    for index in 0..<max(first.count, second.count) {
        // Where one ends, a number makes the other newer and a word makes it a preliminary version.
        guard index < first.count else { return second[index].number != nil }
        guard index < second.count else { return first[index].number == nil }
        let (one, other) = (first[index], second[index])
        if let a = one.number, let b = other.number {
            if a != b { return a < b }
        } else if (one.number == nil) != (other.number == nil) {
            return one.number == nil
        } else if one.text != other.text {
            return one.text < other.text
        }
    }
    return false
}
