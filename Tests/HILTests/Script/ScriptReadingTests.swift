// Scripts, right ones and wrong ones: what is wrong is told with its line and column, all of it, in these words.

import HIL
import Testing

@Suite("Scripts")
struct ScriptReadingTests {
    private static func read(_ text: String, _ files: [String: String] = [:]) -> ReadScript {
        Script.read(text, file: "a.yaml", files: FakeFiles(files: files))
    }

    private static func problems(_ text: String, _ files: [String: String] = [:]) -> [String] {
        read(text, files).problems.map(\.description)
    }

    /// A script with one step.
    private static func step(_ text: String) -> String { "name: a\nsteps:\n  - \(text)\n" }

    /// The script of the documentation, with every step once.
    private static let every = #"""
        name: mask model on a DevKitC
        sketch: sketches/run_model_cnn
        model: models/mask_cnn_10.tflite
        board: { chip: esp32, flash: 4MB, tags: [usb] }
        timeout: 60
        vars: { limit: 0.01 }
        steps:
          - build
          - flash: { only: all }
          - erase: { partition: model }
          - reset
          - expect-boot: { reset: POWERON_RESET, within: 5 }
          - expect: { regex: 'arena=(?<arena>\d+)', within: 5 }
          - expect: { text: 'predicting...' }
          - send: { text: 'in: 0.1,0.2' }
          - send-image: { file: faces/1.png, expect-label: mask }
          - expect-prediction: { inputs: faces.csv, value: 0.47, tolerance: 0.01 }
          - expect-prediction: { label: mask, count: 3 }
          - compare-host: { random: 20, seed: 7 }
          - expect-diagnosis: { code: arena-too-small }
          - expect-no-diagnosis
          - fault: 'corrupt:byte=100,dir=tx'
          - measure: { latency-us: { below: 5000 }, arena: { below: 2000 }, boot-ms: { below: 1000 } }
          - tune-arena: { margin: 8 }
          - swap-model: { model: models/other.tflite }
          - sleep-board: 1.5
          - repeat: { times: 3, steps: [reset, expect-no-diagnosis] }
          - for-each: { files: 'faces/*.png', as: face, steps: [ { send-image: { file: '${face}' } } ] }
          - include: common.yaml
        setup: []
        teardown: [ reset ]
        """#

    @Test("The documentation's script, with every step once, is right")
    func everyStep() {
        let read = Self.read(Self.every, ["common.yaml": "- reset\n- expect: 'ready'\n"])
        #expect(read.problems.isEmpty, "\(read.problems)")
        #expect(read.script.steps.count == 22)
        #expect(read.script.steps.last?.steps.map(\.name) == ["reset", "expect"])
        #expect(read.script.timeoutSeconds == 60)
        #expect(read.script.board.flashBytes == 4 << 20)
        #expect(read.included == ["common.yaml"])
    }

    @Test("Every word that is a step by itself, and every short form")
    func shortForms() {
        let text = """
            name: a
            steps: [build, flash, erase, reset, expect-boot, expect-prediction, compare-host, expect-no-diagnosis, tune-arena,
              expect: 'ready', send: 'in: 1', send-image: faces/1.png, expect-diagnosis: panic, swap-model: m.tflite,
              erase: model, fault: none, fault: ['drop:byte=1', 'corrupt:byte=2'], reset: , sleep-board: 0.5]
            """
        #expect(Self.problems(text) == [])
    }

    @Test(
        "What is wrong is told where it stands",
        arguments: [
            ("steps: [reset]", ["a.yaml:1:1: script wants the key 'name'"]),
            ("name: a", ["a.yaml:1:1: script wants the key 'steps'"]),
            ("- reset", ["a.yaml:1:1: a script is a map with the keys name and steps, not a list"]),
            ("", ["a.yaml:1:1: script wants the key 'name'", "a.yaml:1:1: script wants the key 'steps'"]),
            (
                "name: a\nskteh: run_model_cnn\nsteps: [reset]",
                ["a.yaml:2:1: 'skteh' is no key of script; did you mean 'sketch'?"]
            ),
            ("name: a\nsteps: []", ["a.yaml:2:8: steps is empty"]),
            ("name: a\nsteps: reset", ["a.yaml:2:8: steps must be a list of steps, not 'reset'"]),
            ("name: [a]\nsteps: [reset]", ["a.yaml:1:7: name must be a text, not a list"]),
            ("name: a\nsketch: nothing\nsteps: [reset]", ["a.yaml:2:9: there is no sketch 'nothing'"]),
            ("name: a\nmodel: missing.tflite\nsteps: [reset]", ["a.yaml:2:8: there is no file 'missing.tflite'"]),
            (
                "name: a\ntimeout: soon\nsteps: [reset]",
                ["a.yaml:2:10: timeout must be a number of seconds above 0, not 'soon'"]
            ),
            (
                "name: a\ntimeout: '60'\nsteps: [reset]",
                ["a.yaml:2:10: timeout must be a number of seconds above 0, not the text '60'"]
            ),
            (
                "name: a\nretries: -1\nsteps: [reset]",
                ["a.yaml:2:10: retries must be a whole number from 0 to 20, not '-1'"]
            ),
            (
                "name: a\nboard: { chip: esp23, flash: 5MB, tag: x }\nsteps: [reset]",
                [
                    "a.yaml:2:16: 'esp23' is no chip; did you mean 'esp32'?",
                    "a.yaml:2:30: '5MB' is no flash size, such as 4MB",
                    "a.yaml:2:35: 'tag' is no key of board; did you mean 'tags'?",
                ]
            ),
            (
                "name: a\nvars: { 1x: a }\nsteps: [reset]",
                ["a.yaml:2:9: '1x' is no name of a variable: letters, digits, _ and -"]
            ),
            ("name: a\nname: b\nsteps: [reset]", ["a.yaml:2:1: the key 'name' is there twice"]),
        ] as [(String, [String])])
    func wrongHead(text: String, problems: [String]) { #expect(Self.problems(text) == problems) }

    @Test(
        "A wrong step is told where it stands",
        arguments: [
            ("buld", "3:5: 'buld' is no step; did you mean 'build'?"),
            ("frobnicate: 1", "3:5: 'frobnicate' is no step"),
            ("[reset]", "3:5: a step is a word or a map with one key, not a list"),
            ("expect", "3:5: expect wants more: one of text, regex"),
            ("expect: { within: 5 }", "3:13: expect wants one of the keys text, regex"),
            ("expect: { text: a, regex: b }", "3:24: text and regex exclude each other"),
            ("expect: { text: a, withn: 5 }", "3:24: 'withn' is no key of expect; did you mean 'within'?"),
            ("expect: { text: a, within: 0 }", "3:32: within must be a number of seconds above 0, not '0'"),
            ("expect: { regex: 'a(' }", "3:22: 'a(' is no regular expression: expected ')'"),
            ("expect: { text: '' }", "3:21: text is empty"),
            ("expect: [a, b]", "3:13: expect takes a map with the keys text, regex, within, not a list"),
            ("reset: 5", "3:12: reset takes no value; ''5'' is too much"),
            ("reset: { hard: true }", "3:14: 'hard' is no key of reset, which has none"),
            (
                "flash: { only: models }",
                "3:20: only must be all, firmware or model, not 'models'; did you mean 'model'?"
            ),
            ("flash: { file: a.bin }", "3:20: file and at belong together: what to write, and where"),
            ("send-image: { file: missing.png }", "3:25: there is no file 'missing.png'"),
            ("expect-prediction: { value: high }", "3:33: value must be a number, not 'high'"),
            ("expect-prediction: { tolerance: 0.1 }", "3:37: tolerance wants a value that it is for"),
            ("expect-prediction: { count: 1.5 }", "3:33: count must be a whole number of at least 1, not '1.5'"),
            ("compare-host: { random: 3, inputs: a.csv }", "3:29: random and inputs exclude each other"),
            (
                "expect-diagnosis: arena-to-small",
                "3:23: 'arena-to-small' is no diagnosis code; did you mean 'arena-too-small'?"
            ),
            ("fault: 'corupt:byte=1'", "3:12: fault spec: no such fault"),
            ("measure: { arena: 2000 }", "3:23: arena must be a limit, { below: NUMBER }, not '2000'"),
            ("measure: { predictions: 3 }", "3:5: measure wants at least one of latency-us, arena, boot-ms"),
            ("measure: { arena: { bellow: 1 } }", "3:25: 'bellow' is no key of arena; did you mean 'below'?"),
            ("repeat: { steps: [reset] }", "3:13: repeat wants the key 'times'"),
            ("repeat: { times: 2, steps: [] }", "3:32: steps is empty"),
            ("repeat: { times: 2, steps: [rest] }", "3:33: 'rest' is no step; did you mean 'reset'?"),
            ("for-each: { files: '*.gif', as: x, steps: [reset] }", "3:24: no file matches '*.gif'"),
            ("include: other.yaml", "3:14: there is no file 'other.yaml'"),
            ("send: '${limt}'", "3:11: there is no value 'limt' here"),
            ("send: '${limit'", "3:11: the '${' has no '}'; write $${ for one that is meant as it is"),
        ])
    func wrongStep(text: String, problem: String) {
        #expect(Self.problems(Self.step(text)) == ["a.yaml:" + problem])
    }

    @Test("A key that is indented too little is told as what it is")
    func indentation() {
        let text = "name: a\nsteps:\n  - expect:\n    text: a\n"
        #expect(
            Self.problems(text) == [
                "a.yaml:4:5: a step is a map with one key, and 'text' is a second one; it belongs to expect: indent it by two more"
            ])
    }

    @Test("What is no YAML is told with its place")
    func noYAML() {
        let found = Self.problems("name: a\nsteps: [reset\n")
        #expect(found.count == 1)
        #expect(found[0].hasPrefix("a.yaml:3:1: this is no YAML: "), "\(found)")
    }

    @Test("All problems of a file are told, in the order of their lines")
    func all() {
        let text = "name: a\ntimeout: x\nsteps:\n  - buld\n  - expect: { regex: '(' }\n  - reset: 1\n"
        #expect(Self.read(text).problems.map(\.place.line) == [2, 4, 5, 6])
    }

    @Test("Groups of an expression are values of the steps behind it, not before it")
    func groups() {
        let right =
            "name: a\nsteps:\n  - expect: { regex: 'a=(?<n>[0-9]+)' }\n  - send: '${n}'\n  - repeat: { times: '${n}', steps: [reset] }\n"
        #expect(Self.problems(right) == [])
        let wrong = "name: a\nsteps:\n  - send: '${n}'\n  - expect: { regex: 'a=(?<n>[0-9]+)' }\n"
        #expect(Self.problems(wrong) == ["a.yaml:3:11: there is no value 'n' here"])
    }

    @Test("Files that include each other are named, as is what is wrong in them")
    func includes() {
        let text = "name: a\nsteps:\n  - include: b.yaml\n"
        #expect(
            Self.problems(text, ["b.yaml": "- include: c.yaml\n", "c.yaml": "- include: b.yaml\n"]) == [
                "c.yaml:1:12: files include each other: b.yaml -> c.yaml -> b.yaml"
            ])
        #expect(Self.problems(text, ["b.yaml": "- buld\n"]) == ["b.yaml:1:3: 'buld' is no step; did you mean 'build'?"])
        #expect(
            Self.problems(text, ["b.yaml": "name: b\nsteps: [reset]\n"]) == [
                "b.yaml:1:1: 'name' is no key of an included file; it has vars, steps"
            ])
        #expect(Self.problems(text, ["b.yaml": "vars: { n: 3 }\nsteps: [ { send: '${n}' } ]\n"]) == [])
    }

    @Test("A value of the command line is stronger than the script's")
    func values() {
        let text = "name: a\nvars: { n: 3, m: '${n}0' }\nsteps: [reset]\n"
        #expect(Self.read(text).script.vars == ["n": "3", "m": "30"])
        let read = Script.read(text, file: "a.yaml", values: ["n": "7"], files: FakeFiles())
        #expect(read.script.vars == ["n": "7", "m": "70"])
    }
}
