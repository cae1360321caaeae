// Memory other than the arena: the heap is exhausted or damaged, a stack overflowed. Sources: ESP-IDF heap component
// (heap_caps.c, multi_heap_poisoning.c), FreeRTOS hooks, Edge Impulse SDK error codes.

enum MemoryRules {
    static let rules: [DiagnosisRule] = exhausted + corrupt + stack

    private static let exhausted: [DiagnosisRule] =
        [
            DiagnosisRule(.heapExhausted, "failed to allocate <bytes:int> bytes ~with 0x<caps:hex> capabilities"),
            DiagnosisRule(.heapExhausted, "Mem alloc fail. size 0x<bytes:hex>", judge: hexBytes),
            DiagnosisRule(.heapExhausted, "Failed to allocate TFLite arena"),
            DiagnosisRule(.heapExhausted, "failed to allocate tensor arena"),
            DiagnosisRule(.heapExhausted, "allocate tensor_arena"),
            DiagnosisRule(.heapExhausted, "allocate the streaming model's tensor arena"),
            DiagnosisRule(.heapExhausted, "allocate the tensor arena"),
            DiagnosisRule(.heapExhausted, "allocate memory of <bytes:int> bytes"),
            DiagnosisRule(.heapExhausted, "std::bad_alloc"),
            DiagnosisRule(.heapExhausted, "buffer malloc failed"),
            DiagnosisRule(.heapExhausted, "cam_hal: cam_dma_config~(<detail>) failed"),
            DiagnosisRule(.heapExhausted, "ESP_ERR_NO_MEM"),
            DiagnosisRule(.heapExhausted, "error 0x101", judge: nil),
        ]
        + [-6, -8, -11, -1002].flatMap { code in
            [
                DiagnosisRule(.heapExhausted, "run_classifier returned: \(code)", judge: wholeCode),
                DiagnosisRule(.heapExhausted, "Failed to run classifier (\(code))"),
                DiagnosisRule(.heapExhausted, "Failed to run impulse (\(code))"),
            ]
        }
        + ["malloc failed", "calloc failed", "out of memory", "not enough memory to", "memory allocation failed"].map {
            DiagnosisRule(.heapExhausted, $0, judge: notOfAHost)
        }

    private static let corrupt = [
        DiagnosisRule(.heapCorruption, "CORRUPT HEAP: ~<what>"),
        DiagnosisRule(.heapCorruption, "assert failed: multi_heap_<function:word>"),
        DiagnosisRule(.heapCorruption, "assert failed: heap_caps_free"),
        DiagnosisRule(.heapCorruption, "assert failed: tlsf_<function:word>"),
        DiagnosisRule(.heapCorruption, "assert failed: remove_free_block"),
        DiagnosisRule(.heapCorruption, "assert failed: block_<function:word>"),
        DiagnosisRule(.heapCorruption, "multi_heap.c ~line"),
        DiagnosisRule(.heapCorruption, "multi_heap_poisoning.c"),
    ]

    private static let stack = [
        DiagnosisRule(.stackOverflow, "A stack overflow in task <task> has been detected"),
        DiagnosisRule(.stackOverflow, "Stack canary watchpoint triggered ~(<task>)"),
        DiagnosisRule(.stackOverflow, "Stack smashing protect failure"),
        DiagnosisRule(.stackOverflow, "stack smashing detected"),
    ]

    @Sendable private static func hexBytes(_ finding: inout Finding) -> Bool {
        if let bytes = finding.details["bytes"]?.address { finding.details["bytes"] = .number(Int(bytes)) }
        return true
    }

    /// `-1` must not match the beginning of `-1002`.
    @Sendable private static func wholeCode(_ finding: inout Finding) -> Bool {
        guard let text = finding.evidence.first?.text, let at = text.firstPosition(of: "returned: ") else {
            return true
        }
        return [-6, -8, -11, -1002].contains(Int(text[at...].trimmed.prefix { $0.isNumber || $0 == "-" }) ?? 0)
    }

    /// A compiler's or a package manager's words on its own memory are not the board's.
    @Sendable private static func notOfAHost(_ finding: inout Finding) -> Bool {
        guard let text = finding.evidence.first?.text.lowercased() else { return false }
        return !text.contains("cc1plus") && !text.contains("virtual memory") && !text.contains("npm")
    }
}
