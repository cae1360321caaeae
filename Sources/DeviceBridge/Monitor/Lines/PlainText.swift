// Text from a board that is safe to print, for everybody who shows some.

/// Text without anything that a terminal would obey.
public enum PlainText {
    /// The readable part of a line's bytes. Nothing in it moves a cursor, changes a colour, sets a title or reverses
    /// the direction of writing.
    public static func of(_ bytes: some Sequence<UInt8>) -> String {
        var plain: [UInt8] = []
        Array(bytes).withUnsafeBufferPointer { PlainBytes.strip($0, into: &plain) }
        return String(decoding: plain, as: UTF8.self)
    }

    /// The readable part of a text.
    public static func of(_ text: String) -> String { of(text.utf8) }
}
