// Reads lists of steps: which steps there are, their keys, what is inside them, and the files that they include. All that
// is wrong is noted, and reading goes on behind it.

/// Reads steps.
struct StepReader {
    let files: any ScriptFiles
    private(set) var problems: [Problem] = []
    /// The files that were included.
    private(set) var included: Set<String> = []
    /// The file that is being read, and those that include it, the outermost first.
    private var chain: [String]

    init(files: any ScriptFiles, file: String) {
        self.files = files
        chain = [file]
    }

    /// Reads a list of steps. What the steps make known is known in `scope` afterwards.
    mutating func steps(_ node: ScriptNode?, _ key: String, scope: inout Scope) -> [StepNode] {
        guard let node, !node.isNull else { return [] }
        guard let elements = node.elements else {
            note(node, "\(key) must be a list of steps, not \(node.kind)")
            return []
        }
        var steps: [StepNode] = []
        for element in elements { if let step = step(element, scope: &scope) { steps.append(step) } }
        return steps
    }

    private mutating func note(_ node: ScriptNode, _ message: String) { problems.append(Problem(node.place, message)) }

    private mutating func step(_ node: ScriptNode, scope: inout Scope) -> StepNode? {
        guard let (head, value) = head(of: node) else { return nil }
        let name = head.text ?? ""
        guard let shape = MapShape.step(name) else {
            note(head, "'\(name)' is no step" + Spelling.remark(name, among: MapShape.steps.map(\.name)))
            return nil
        }
        guard let arguments = arguments(value, head, shape) else { return nil }
        var step = StepNode(name: name, place: node.place, arguments: arguments)
        var reader = ArgumentReader(scope: scope, files: files)
        _ = Step(step, &reader)
        problems += reader.problems
        if name == "expect" { for group in Self.groups(of: step["regex"]?.text ?? "") { scope.announce(group) } }
        switch shape.name {
        case "repeat", "for-each":
            if let variable = step["as"]?.text { scope.announce(variable) }
            step.steps = steps(step["steps"], "steps", scope: &scope)
            if let inner = step["steps"], inner.elements?.isEmpty ?? inner.isNull { note(inner, "steps is empty") }
        case "include": include(&step, &scope)
        case _: break
        }
        return step
    }

    /// The step's name and what stands behind it.
    private mutating func head(of node: ScriptNode) -> (ScriptNode, ScriptNode?)? {
        switch node.content {
        case .scalar:
            if node.isNull {
                note(node, "a step is missing here")
                return nil
            }
            return (node, nil)
        case .list:
            note(node, "a step is a word or a map with one key, not a list")
            return nil
        case .map(let entries):
            guard let first = entries.first else {
                note(node, "a step is missing here")
                return nil
            }
            guard entries.count == 1 else {
                let isOwn = MapShape.step(first.name).map { shape in
                    entries.dropFirst().contains { shape[$0.name] != nil }
                }
                note(
                    entries[1].key,
                    "a step is a map with one key, and '\(entries[1].name)' is a second one"
                        + (isOwn == true ? "; it belongs to \(first.name): indent it by two more" : ""))
                return nil
            }
            return (first.key, first.value)
        }
    }

    /// The values of a step's keys, checked against its shape.
    private mutating func arguments(
        _ value: ScriptNode?, _ head: ScriptNode, _ shape: MapShape
    ) -> [ScriptNode.Entry]? {
        guard let value, !value.isNull else {
            if shape.canBeBare { return [] }
            note(head, "\(shape.name) wants more: " + Self.demand(of: shape))
            return nil
        }
        if let entries = value.entries { return check(entries, value, shape) ? entries : nil }
        guard let short = shape.short, let key = shape[short], value.elements == nil || Self.takesLists(key.kind) else {
            let keys = shape.keys.map(\.name).joined(separator: ", ")
            note(
                value,
                shape.keys.isEmpty
                    ? "\(shape.name) takes no value; '\(value.kind)' is too much"
                    : "\(shape.name) takes a map with the keys \(keys), not \(value.kind)")
            return nil
        }
        let name = ScriptNode(.scalar(short, isQuoted: false), at: value.place)
        return [ScriptNode.Entry(key: name, value: value)]
    }

    /// Notes unknown and missing keys; false where reading on makes no sense.
    private mutating func check(_ entries: [ScriptNode.Entry], _ node: ScriptNode, _ shape: MapShape) -> Bool {
        var found = problems
        let isSound = shape.check(entries, at: node.place, &found)
        for entry in entries {
            guard shape[entry.name]?.kind == .limit, let inner = entry.value.entries else { continue }
            _ = MapShape.limit.check(inner, at: entry.value.place, named: entry.name, &found)
        }
        problems = found
        return isSound
    }

    private static func takesLists(_ kind: KeyKind) -> Bool { kind == .faults || kind == .texts || kind == .numbers }

    private static func demand(of shape: MapShape) -> String {
        if !shape.oneOf.isEmpty { return "one of " + shape.oneOf.joined(separator: ", ") }
        let required = shape.keys.filter(\.isRequired).map(\.name)
        return (required.isEmpty ? shape.keys.map(\.name) : required).joined(separator: ", ")
    }

    /// The names of an expression's groups.
    static func groups(of expression: String) -> [String] {
        expression.matches(of: /\(\?P?<([A-Za-z_][A-Za-z0-9_]*)>/).map { String($0.output.1) }
    }

    // MARK: Files that are included

    private mutating func include(_ step: inout StepNode, _ scope: inout Scope) {
        var reader = ArgumentReader(scope: scope, files: files)
        let found = reader.file(step["file"], "file", .script)
        problems += reader.problems
        guard let place = step["file"], let path = found else { return }
        if let start = chain.firstIndex(of: path) {
            note(place, "files include each other: " + (chain[start...] + [path]).joined(separator: " -> "))
            return
        }
        included.insert(path)
        guard let text = files.text(of: path) else { return note(place, "\(path) cannot be read") }
        let root: ScriptNode
        do throws(Problem) {
            root = try ScriptNode(yaml: text, file: path)
        } catch {
            problems.append(error)
            return
        }
        chain.append(path)
        defer { chain.removeLast() }
        guard let entries = root.entries else {
            step.steps = steps(root, "an included file", scope: &scope)
            return
        }
        _ = MapShape.part.check(entries, at: root.place, named: "an included file", &problems)
        reader = ArgumentReader(scope: scope, files: files)
        step.vars = reader.values(root["vars"], "vars")
        problems += reader.problems
        var inner = scope
        for (name, value) in step.vars { inner.set(name, to: value) }
        step.steps = steps(root["steps"], "steps", scope: &inner)
        scope.adopt(inner)
    }
}

extension MapShape {
    /// Notes unknown, missing and clashing keys; false where one is missing, so that reading on makes no sense.
    func check(
        _ entries: [ScriptNode.Entry], at place: Place, named: String? = nil, _ problems: inout [Problem]
    ) -> Bool {
        let known = keys.map(\.name)
        let title = named ?? name
        for entry in entries where self[entry.name] == nil {
            guard entry.key.text != nil else {
                problems.append(Problem(entry.key.place, "a key is a word, not \(entry.key.kind)"))
                continue
            }
            problems.append(
                Problem(
                    entry.key.place,
                    "'\(entry.name)' is no key of \(title)"
                        + (known.isEmpty ? ", which has none" : Spelling.remark(entry.name, among: known))
                        + (Spelling.nearest(entry.name, among: known) == nil && !known.isEmpty
                            ? "; it has \(known.joined(separator: ", "))" : "")))
        }
        let present = Set(entries.map(\.name))
        var isSound = true
        for key in keys where key.isRequired && !present.contains(key.name) {
            problems.append(Problem(place, "\(title) wants the key '\(key.name)'"))
            isSound = false
        }
        if !oneOf.isEmpty {
            let given = entries.filter { oneOf.contains($0.name) }
            if given.isEmpty {
                problems.append(Problem(place, "\(title) wants one of the keys \(oneOf.joined(separator: ", "))"))
                isSound = false
            } else if given.count > 1 {
                problems.append(
                    Problem(given[1].key.place, "\(given[0].name) and \(given[1].name) exclude each other"))
            }
        }
        return isSound
    }
}
