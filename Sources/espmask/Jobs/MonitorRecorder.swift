// The files that `monitor` keeps: every byte as it came, and the predictions as a table.

import DeviceBridge
import SystemPackage

/// Files that grow while a board is watched.
struct MonitorRecorder {
    private var log: FileDescriptor?
    private var csv: FileDescriptor?
    private var csvName = ""
    private var logName = ""

    /// Opens the files; nil where none is wanted. Throws `output-unwritable`.
    init(log: String?, csv: String?) throws(Failure) {
        self.log = try log.map { path throws(Failure) in try Self.open(path) }
        self.csv = try csv.map { path throws(Failure) in try Self.open(path) }
        (logName, csvName) = (log ?? "", csv ?? "")
        try write("index,value,label,us,bits\n", to: self.csv, csvName)
    }

    /// Keeps bytes.
    func take(_ bytes: [UInt8]) throws(Failure) {
        guard let log, !bytes.isEmpty else { return }
        do { _ = try log.writeAll(bytes) } catch { throw Self.unwritable(logName, error) }
    }

    /// Keeps a prediction.
    func take(_ inference: InferenceEvent) throws(Failure) {
        let cells: [String] = [
            String(inference.index), inference.tokens.joined(separator: " "), inference.label ?? "",
            inference.microseconds.map { String($0) } ?? "", inference.bits?.joined(separator: " ") ?? "",
        ]
        try write(cells.map(Self.cell).joined(separator: ",") + "\n", to: csv, csvName)
    }

    /// Closes the files.
    func finish() throws(Failure) {
        do { try log?.close() } catch { throw Self.unwritable(logName, error) }
        do { try csv?.close() } catch { throw Self.unwritable(csvName, error) }
    }

    /// A cell as RFC 4180 has it: in quotes where it holds a comma or a quote.
    private static func cell(_ text: String) -> String {
        guard text.contains(where: { $0 == "," || $0 == "\"" }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }

    private func write(_ text: String, to file: FileDescriptor?, _ name: String) throws(Failure) {
        guard let file else { return }
        do { _ = try file.writeAll(text.utf8) } catch { throw Self.unwritable(name, error) }
    }

    private static func open(_ path: String) throws(Failure) -> FileDescriptor {
        do {
            return try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .truncate],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } catch { throw unwritable(path, error) }
    }

    private static func unwritable(_ path: String, _ error: any Error) -> Failure {
        let full = (error as? Errno) == .noSpace
        return Failure(
            full ? "disk-full" : "output-unwritable", "cannot write \(path): \((error as? Errno)?.description ?? "?")",
            hint: full ? "Make room on the disk." : "Check that the folder is there and can be written to.")
    }
}
