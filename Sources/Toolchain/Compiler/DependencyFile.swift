// The dependency files that gcc writes beside an object (-MMD -MF): a make rule whose prerequisites are the files the
// object was made from. Continued lines, escaped spaces, `$$` and `\#` are understood; nothing else of make is.

/// What an object was made from.
public struct DependencyFile: Equatable, Sendable {
    /// The files, in the rule's order, the source first.
    public var prerequisites: [String]

    /// Reads the first rule; nil where there is none.
    public init?(parsing text: String) {
        let characters = Array(text.utf8)
        guard let colon = Self.endOfTarget(in: characters) else { return nil }
        prerequisites = []
        var word: [UInt8] = []
        var index = colon + 1
        func endWord(_ list: inout [String]) {
            if !word.isEmpty { list.append(String(decoding: word, as: UTF8.self)) }
            word = []
        }
        while index < characters.count {
            let character = characters[index]
            let next = index + 1 < characters.count ? characters[index + 1] : nil
            switch (character, next) {
            case (UInt8(ascii: "\\"), UInt8(ascii: "\n")):
                endWord(&prerequisites)
                index += 1
            case (UInt8(ascii: "\\"), UInt8(ascii: " ")?), (UInt8(ascii: "\\"), UInt8(ascii: "#")?):
                word.append(next ?? 0)
                index += 1
            case (UInt8(ascii: "$"), UInt8(ascii: "$")):
                word.append(character)
                index += 1
            case (UInt8(ascii: " "), _), (UInt8(ascii: "\t"), _), (UInt8(ascii: "\r"), _):
                endWord(&prerequisites)
            case (UInt8(ascii: "\n"), _):
                endWord(&prerequisites)
                return
            case (_, _):
                word.append(character)
            }
            index += 1
        }
        endWord(&prerequisites)
    }

    // The colon that ends the target is followed by white space; one inside a path is not.
    private static func endOfTarget(in characters: [UInt8]) -> Int? {
        for (index, character) in characters.enumerated() where character == UInt8(ascii: ":") {
            guard index + 1 < characters.count else { return index }
            if [UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\\")].contains(
                characters[index + 1])
            {
                return index
            }
        }
        return nil
    }
}
