// A YAML document as a tree of values that know where they stand. What the keys mean is not known here.

internal import Yams

/// A value in a script's file.
package struct ScriptNode: Sendable, Equatable {
    package indirect enum Content: Sendable, Equatable {
        /// A word or number; whether it stood in quotes.
        case scalar(String, isQuoted: Bool)
        case list([ScriptNode])
        case map([Entry])
    }

    /// A key and its value.
    package struct Entry: Sendable, Equatable {
        package var key: ScriptNode
        package var value: ScriptNode

        /// The key's text; empty where it is no scalar.
        package var name: String { key.text ?? "" }
    }

    package var content: Content
    package var place: Place

    package init(_ content: Content, at place: Place) {
        self.content = content
        self.place = place
    }

    /// The text of a scalar.
    package var text: String? {
        switch content {
        case .scalar(let text, _): text
        case .list, .map: nil
        }
    }

    /// Whether it is a scalar that YAML takes for nothing.
    package var isNull: Bool {
        switch content {
        case .scalar(let text, let isQuoted): !isQuoted && ["", "~", "null", "Null", "NULL"].contains(text)
        case .list, .map: false
        }
    }

    /// The entries of a map.
    package var entries: [Entry]? {
        switch content {
        case .map(let entries): entries
        case .scalar, .list: nil
        }
    }

    /// The elements of a list.
    package var elements: [ScriptNode]? {
        switch content {
        case .list(let elements): elements
        case .scalar, .map: nil
        }
    }

    /// The value of a key.
    package subscript(name: String) -> ScriptNode? { entries?.first { $0.name == name }?.value }

    /// What it is, in a message.
    package var kind: String {
        switch content {
        case .scalar(let text, let isQuoted):
            isNull ? "nothing" : isQuoted ? "the text '\(text)'" : "'\(text)'"
        case .list: "a list"
        case .map: "a map"
        }
    }
}

extension ScriptNode {
    /// A value nested deeper than this is no script: the readers go down by recursion.
    private static let deepest = 40

    /// Reads a file's text. Throws the first problem that YAML finds; an empty file is an empty map.
    package init(yaml: String, file: String) throws(Problem) {
        let node: Node?
        do {
            node = try Yams.compose(yaml: yaml)
        } catch let error as YamlError {
            throw Self.problem(error, yaml: yaml, file: file)
        } catch {
            throw Problem(Place(file: file, line: 1, column: 1), "this is no YAML: \(error)")
        }
        let start = Place(file: file, line: 1, column: 1)
        guard let node else {
            self.init(.map([]), at: start)
            return
        }
        self = try Self.convert(node, file: file, depth: 0, near: start)
    }

    private static func convert(
        _ node: Node, file: String, depth: Int, near: Place
    ) throws(Problem) -> ScriptNode {
        let place = node.mark.map { Place(file: file, line: $0.line, column: $0.column) } ?? near
        guard depth < deepest else { throw Problem(place, "this is nested too deeply") }
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain || scalar.style == .any
            return ScriptNode(.scalar(scalar.string, isQuoted: !isPlain), at: place)
        case .sequence(let sequence):
            var elements: [ScriptNode] = []
            for element in sequence {
                elements.append(try convert(element, file: file, depth: depth + 1, near: place))
            }
            return ScriptNode(.list(elements), at: place)
        case .mapping(let mapping):
            var entries: [Entry] = []
            for (key, value) in mapping {
                let key = try convert(key, file: file, depth: depth + 1, near: place)
                entries.append(
                    Entry(key: key, value: try convert(value, file: file, depth: depth + 1, near: key.place)))
            }
            return ScriptNode(.map(entries), at: place)
        case .alias: throw Problem(place, "this alias stands for nothing")
        }
    }

    private static func problem(_ error: YamlError, yaml: String, file: String) -> Problem {
        func at(_ mark: Yams.Mark, _ message: String) -> Problem {
            Problem(Place(file: file, line: mark.line, column: mark.column), "this is no YAML: \(message)")
        }
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            return at(mark, (context.map { $0.text + ", " } ?? "") + problem)
        case .reader(let problem, let offset, _, _):
            let before = yaml.prefix(offset ?? 0)
            let line = before.count { $0.isNewline } + 1
            let column = before.reversed().prefix { !$0.isNewline }.count + 1
            return Problem(Place(file: file, line: line, column: column), "this is no YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let near = Place(file: file, line: context.mark.line, column: context.mark.column)
            let place = secondPlace(of: duplicates.first ?? "", in: yaml, from: near)
            return Problem(place, "the key '\(duplicates.first ?? "")' is there twice")
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            return Problem(Place(file: file, line: 1, column: 1), "this is no YAML: \(error)")
        }
    }

    /// Where a key stands for the second time; the map's own place where that cannot be found.
    private static func secondPlace(of key: String, in yaml: String, from map: Place) -> Place {
        var seen = 0
        for (index, text) in yaml.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
        where index + 1 >= map.line {
            var rest = text[...]
            while let found = rest.firstRange(of: key + ":") {
                let before = text[..<found.lowerBound].last
                if before == nil || " {,-".contains(before ?? " ") {
                    seen += 1
                    let column = text.unicodeScalars.distance(from: text.startIndex, to: found.lowerBound) + 1
                    if seen == 2 { return Place(file: map.file, line: index + 1, column: column) }
                }
                rest = rest[found.upperBound...]
            }
        }
        return map
    }
}
