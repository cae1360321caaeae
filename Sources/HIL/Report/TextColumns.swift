// How much room a text takes in a terminal (Unicode, annex 11, in its outlines).

extension Character {
    /// The columns that it takes.
    fileprivate var columns: Int {
        guard let first = unicodeScalars.first else { return 0 }
        switch first.value {
        case 0x300...0x36F, 0x200B...0x200F, 0x20D0...0x20FF, 0xFE00...0xFE0F: return 0
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            return 2
        case _: return 1
        }
    }
}

extension StringProtocol {
    /// The columns that it takes, control sequences not being counted on.
    var columns: Int { reduce(0) { $0 + $1.columns } }

    /// Filled up with spaces.
    func padded(columns wanted: Int) -> String {
        self + String(repeating: " ", count: Swift.max(0, wanted - columns))
    }

    /// Cut to the room there is, an ellipsis at the cut.
    func cut(columns room: Int) -> String {
        guard columns > room else { return String(self) }
        guard room > 1 else { return room == 1 ? "…" : "" }
        var width = 0
        let kept = prefix { character in
            width += character.columns
            return width < room
        }
        return kept + "…"
    }
}
