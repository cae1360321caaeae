// What a line may mean, told by the words in it: one pass over its bytes finds all words that any parser or rule looks
// for, so that the nine lines of ten that hold none of them cost nothing more. A trait says only that a parser should
// look; whether there is something, the parser finds.

/// Which parsers a line may concern.
struct LineTraits: OptionSet, Equatable, Sendable {
    let rawValue: UInt32

    /// A line of our sketches.
    static let sketch = LineTraits(rawValue: 1)
    /// The workshop's prediction.
    static let prediction = LineTraits(rawValue: 1 << 1)
    /// Another firmware's prediction, or the head of a block of them.
    static let otherResult = LineTraits(rawValue: 1 << 2)
    /// A word on an inference that ran.
    static let ran = LineTraits(rawValue: 1 << 3)
    /// Talks of results, so that a number that is none is an output.
    static let speaksOfResults = LineTraits(rawValue: 1 << 4)
    /// `nan`, `inf` or `ovf` somewhere, perhaps inside a word.
    static let oddNumber = LineTraits(rawValue: 1 << 5)
    /// Part of a banner.
    static let boot = LineTraits(rawValue: 1 << 6)
    /// A host that resets the board.
    static let host = LineTraits(rawValue: 1 << 7)
    /// Begins or carries a panic dump.
    static let panic = LineTraits(rawValue: 1 << 8)
    /// What begins a new line wherever it stands.
    static let cut = LineTraits(rawValue: 1 << 9)
    /// A text of a diagnosis rule's pattern.
    static let rule = LineTraits(rawValue: 1 << 10)
    /// A dump with something before it.
    static let callback = LineTraits(rawValue: 1 << 11)
    /// A number in hexadecimal; three of them may be registers.
    static let hexadecimal = LineTraits(rawValue: 1 << 12)

    /// The traits of a line's plain text.
    static func of(_ line: UnsafeBufferPointer<UInt8>) -> LineTraits {
        var (traits, numbers) = WordScanner.words.scan(line)
        if numbers >= 3 { traits.insert(.panic) }
        traits.remove(.hexadecimal)
        return traits
    }
}

extension WordScanner {
    /// All words, compared without regard to case and to how many spaces stand where one does.
    static let words: WordScanner = {
        var table: [(word: [UInt8], traits: LineTraits)] = []
        func add(_ traits: LineTraits, _ words: String...) {
            for word in words { table.append((Array(word.utf8), traits)) }
        }
        add(.sketch, "espmask: ")
        add(.prediction, "predicted:", "prediction:")
        add(
            .otherResult, "x_value:", "input:", "heard ", "person score", "predicted class", "predicted label",
            "predicted digit", "predictions (dsp", "#classification", "classification results:",
            "classification predictions", "#predictions")
        add(.ran, "to run inference", "inference time", "inference took", "inference done")
        add(.speaksOfResults, "predict", "inference", "score", "classif")
        add(.oddNumber, "nan", "inf", "ovf", "21469593")
        add(.boot, "esp-rom:", "ets j", "build:", "saved pc:", "rst:0x")
        add(
            .host, "hard resetting", "idf_monitor on", "esp-idf-monitor ", "terminal on /dev", "terminal on com")
        add(
            .panic, "panic'ed", "guru meditation", "fatal exception", "** cpu", "exception (", "exception '",
            "panicked at ", "abort() was called", "assert failed:", "assertion ", "task_wdt: print cpu",
            "register dump:", "backtrace:")
        add(
            .cut, "ets jun 8 2016", "ets jul 29 2019", "esp-rom:esp", "rst:0x", "guru meditation", "backtrace:",
            "abort() was called at pc", "assert failed:", "corrupt heap:", "***error***", "register dump:")
        add(.callback, "ondatacallback(")
        add(.hexadecimal, "0x")
        // Sixteen letters tell a rule's text well enough.
        for rule in RuleIndex.all.rules { table.append((Array(rule.pattern.longestText.prefix(16)), .rule)) }
        return WordScanner(table)
    }()
}
