// Makes a step of its node: each key read as what it takes, and what the keys together must be.

internal import DeviceBridge

extension Step {
    /// Reads a step with what is known in `scope`. Throws the first problem.
    package static func read(_ node: StepNode, scope: Scope, files: any ScriptFiles) throws(Problem) -> Step {
        var reader = ArgumentReader(scope: scope, files: files)
        let step = Step(node, &reader)
        if let problem = reader.problems.first { throw problem }
        guard let step else { throw Problem(node.place, "\(node.name) wants a value that is not known yet") }
        return step
    }

    /// Reads a step; nil where something is wrong, or only known later.
    init?(_ node: StepNode, _ reader: inout ArgumentReader) {
        let within = reader.seconds(node["within"], "within")
        switch node.name {
        case "build": self = .build
        case "flash", "erase", "swap-model":
            guard let work = FlashWork(node, &reader) else { return nil }
            self = .flash(work)
        case "reset": self = .reset
        case "expect":
            let expression = reader.expression(node["regex"], "regex")
            let text = reader.text(node["text"], "text")
            if let value = node["text"], let text, text.contains(where: \.isNewline) {
                reader.complain(value, "text has several lines; one is looked for at a time: write a step for each")
            }
            guard let pattern = expression ?? text.map({ .init(text: $0) }) else { return nil }
            self = .expect(pattern, within: within)
        case "expect-boot":
            self = .expectBoot(
                BootWish(reset: reader.text(node["reset"], "reset"), mode: reader.text(node["mode"], "mode")),
                within: within)
        case "expect-prediction":
            self = .expectPrediction(PredictionWish(node, within, &reader))
        case "compare-host":
            self = .compareHost(InputChoice(node, &reader), within: within)
        case "expect-diagnosis":
            guard let code = reader.diagnosis(node["code"], "code") else { return nil }
            self = .expectDiagnosis(code, within: within)
        case "expect-no-diagnosis":
            let severity = reader.word(node["severity"], "severity", of: ["error", "warning"])
            self = .expectNoDiagnosis(
                code: reader.diagnosis(node["code"], "code"), fromWarnings: severity == "warning", within: within)
        case "send":
            guard let text = reader.text(node["text"], "text") else { return nil }
            self = .send(text)
        case "send-image":
            let label = reader.text(node["expect-label"], "expect-label")
            guard let file = reader.file(node["file"], "file", .data) else { return nil }
            self = .sendImage(file: file, label: label, within: within)
        case "fault":
            guard let specs = reader.faults(node["spec"], "fault") else { return nil }
            self = .fault(specs)
        case "measure": self = .measure(MeasureWish(node, &reader))
        case "tune-arena":
            self = .tuneArena(
                marginPercent: reader.number(node["margin"], "margin", "a number from 0 to 1000", in: 0...1000),
                below: reader.number(node["below"], "below", "a number of at least 0", in: 0...1e9))
        case "sleep-board":
            guard let seconds = reader.seconds(node["seconds"], "sleep-board") else { return nil }
            self = .sleepBoard(seconds)
        case "repeat":
            let variable = reader.variable(node["as"], "as")
            guard let times = reader.whole(node["times"], "times", in: 1...1_000_000) else { return nil }
            self = .repeated(times: times, variable: variable)
        case "for-each":
            let values = reader.matches(node["files"], "files") ?? reader.texts(node["values"], "values")
            guard let variable = reader.variable(node["as"], "as"), let values else { return nil }
            self = .forEach(values, variable: variable)
        case "include": self = .include
        case _: return nil
        }
    }
}

extension FlashWork {
    init?(_ node: StepNode, _ reader: inout ArgumentReader) {
        let isInterrupted = reader.flag(node["interrupted"], "interrupted") ?? false
        switch node.name {
        case "erase": self.init(.erase(reader.text(node["partition"], "partition")))
        case "swap-model":
            guard let model = reader.file(node["model"], "model", .data) else { return nil }
            self.init(.swapModel(model))
        case _:
            let file = reader.file(node["file"], "file", .data)
            let place = reader.text(node["at"], "at")
            if let lonely = node["file"] ?? node["at"], (node["file"] == nil) != (node["at"] == nil) {
                reader.complain(lonely, "file and at belong together: what to write, and where")
            }
            if let file, let place {
                self.init(.file(file, at: place))
            } else {
                switch reader.word(node["only"], "only", of: ["all", "firmware", "model"]) {
                case "firmware": self.init(.firmware)
                case "model": self.init(.model)
                case _: self.init(.all)
                }
            }
            erasesFirst = reader.flag(node["erase"], "erase") ?? false
        }
        self.isInterrupted = isInterrupted
    }
}

extension InputChoice {
    init(_ node: StepNode, _ reader: inout ArgumentReader) {
        let count = reader.whole(node["random"], "random", in: 1...1_000_000)
        let seed = reader.whole(node["seed"], "seed", in: 0...Int.max).map { UInt64($0) }
        let file = reader.file(node["inputs"], "inputs", .data)
        if let random = node["random"], node["inputs"] != nil {
            reader.complain(random, "random and inputs exclude each other")
        }
        if let file {
            self = .file(file)
        } else if let count {
            self = .random(count, seed: seed)
        } else {
            self = .usual(seed: seed)
        }
    }
}

extension PredictionWish {
    init(_ node: StepNode, _ within: Double?, _ reader: inout ArgumentReader) {
        inputs = reader.file(node["inputs"], "inputs", .data)
        values = reader.numbers(node["value"], "value")
        tolerance = reader.number(node["tolerance"], "tolerance", "a number of at least 0", in: 0...1e9)
        label = reader.text(node["label"], "label")
        count = reader.whole(node["count"], "count", in: 1...1_000_000)
        self.within = within
        if let lonely = node["tolerance"], node["value"] == nil {
            reader.complain(lonely, "tolerance wants a value that it is for")
        }
    }
}

extension MeasureWish {
    init(_ node: StepNode, _ reader: inout ArgumentReader) {
        items = []
        predictions = reader.whole(node["predictions"], "predictions", in: 1...1000)
        for name in Name.allCases {
            guard let limit = node[name.rawValue] else { continue }
            if limit.isNull {
                items.append(Item(name: name))
            } else if limit.entries != nil {
                let below = limit["below"].flatMap {
                    reader.number($0, "below", "a number of at least 0", in: 0...1e12)
                }
                items.append(Item(name: name, below: below))
            } else {
                reader.complain(limit, "\(name.rawValue) must be a limit, { below: NUMBER }, not \(limit.kind)")
            }
        }
        if !Name.allCases.contains(where: { node[$0.rawValue] != nil }) {
            let names = Name.allCases.map(\.rawValue).joined(separator: ", ")
            reader.problems(at: node.place, "measure wants at least one of \(names)")
        }
    }
}
