// A step in one line, as it stands in reports and in failures.

extension ScriptMachine {
    /// "expect: 'predicting...'", with what is known put in.
    func title(of node: StepNode) -> String {
        let shape = MapShape.step(node.name)
        let arguments = node.arguments.filter { $0.name != "steps" }
        guard !arguments.isEmpty else { return node.name }
        if arguments.count == 1, arguments[0].name == shape?.short || arguments[0].name == "regex" {
            return "\(node.name): \(words(arguments[0].value, isText: shape?[arguments[0].name]?.kind))"
        }
        let pairs = arguments.map { "\($0.name) \(words($0.value, isText: shape?[$0.name]?.kind))" }
        return "\(node.name): \(pairs.joined(separator: ", "))"
    }

    private func words(_ node: ScriptNode, isText kind: KeyKind?) -> String {
        switch node.content {
        case .scalar(let raw, _):
            var text = raw
            if case .text(let filled) = try? scope.fill(raw) { text = filled }
            switch kind {
            case .text where node.place.line > 0 && text.contains(" "): return "'\(text)'"
            case .expression: return "/\(text)/"
            case _: return text
            }
        case .list(let elements): return elements.map { words($0, isText: nil) }.joined(separator: " ")
        case .map(let entries):
            return entries.map { "\($0.name) \(words($0.value, isText: nil))" }.joined(separator: " ")
        }
    }
}
