// Files that exist only in a test.

import HIL

struct FakeFiles: ScriptFiles {
    var files: [String: String] = [:]

    func text(of path: String) -> String? { files[path] }

    func find(_ name: String, _ role: FileRole, from folder: String) -> String? {
        switch role {
        case .sketch: name.contains("run_model") ? name : nil
        case .data: name.contains("missing") ? nil : name
        case .script: files[name] == nil ? nil : name
        }
    }

    func files(matching pattern: String, from folder: String) -> [String] {
        pattern.hasPrefix("faces") ? ["faces/1.png", "faces/2.png"] : []
    }

    func complaint(aboutFault text: String) -> String? {
        text.hasPrefix("corrupt:") || text.hasPrefix("drop:") ? nil : "fault spec: no such fault"
    }

    var chips: [String] { ["esp32", "esp32s3"] }

    func flashBytes(_ text: String) -> Int? { text == "4MB" ? 4 << 20 : nil }
}
