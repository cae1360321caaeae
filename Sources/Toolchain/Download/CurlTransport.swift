// HTTP through curl: it knows proxies, redirections and certificates, and ends a transfer that has stalled. It writes
// the body to a pipe and the heads to a file, each before the body that belongs to it.

import Glibc
import Subprocess
import SystemPackage

struct CurlTransport: Sendable {
    private let environment: [String: String]
    private let inactivitySeconds: Int

    init(environment: [String: String], inactivitySeconds: Int) {
        self.environment = environment
        self.inactivitySeconds = max(1, inactivitySeconds)
    }

    func fetch(
        _ request: DownloadRequest, _ receive: (TransportEvent) throws(ToolchainError) -> Void
    ) async throws(ToolchainError) -> TransportEnd {
        let curl = try Programs.find("curl", environment: environment, purpose: "downloading")
        let heads = try HeadsFile()
        defer { heads.close() }
        // A receiver's own error goes through Subprocess as any other and is thrown again as what it was.
        var refusal: ToolchainError?
        var headIsKnown = false
        func tellHead() throws(ToolchainError) {
            guard !headIsKnown else { return }
            headIsKnown = true
            let text = String(decoding: try FileStamp.contents(of: heads.path), as: UTF8.self)
            if let head = ResponseHead(dumped: text) {
                try receive(.head(head))
            } else {
                // curl says nothing where it could not write it.
                try heads.check()
            }
        }
        func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
            do throws(ToolchainError) {
                try tellHead()
                try receive(.bytes(bytes))
                return true
            } catch {
                refusal = error
                return false
            }
        }
        let ended: (status: TerminationStatus, errors: String)
        do {
            let result = try await Subprocess.run(
                .path(curl), arguments: Arguments(arguments(for: request, heads: heads.path)),
                environment: .custom(childEnvironment), input: .none, output: .sequence,
                error: .string(limit: 1 << 16)
            ) { execution in
                for try await chunk in execution.standardOutput {
                    if !chunk.withUnsafeBytes({ take($0) }) {
                        try? execution.send(signal: .kill)
                        break
                    }
                }
            }
            ended = (result.terminationStatus, result.standardError)
        } catch {
            if let refusal { throw refusal }
            throw .install(.downloadFailed(url: request.url, reason: "curl: \(error)", attempts: 1))
        }
        if let refusal { throw refusal }
        guard ended.status == .exited(0) else {
            // It could not write: not the heads, then, since the pipe was read to its end.
            if ended.status == .exited(23) { try heads.check() }
            let reason = Self.reason(ended.status, ended.errors)
            return Self.isFinal(ended.status, reason) ? .impossible(reason: reason) : .broken(reason: reason)
        }
        try tellHead()
        return .complete
    }

    private func arguments(for request: DownloadRequest, heads: FilePath) -> [String] {
        let isSecure = request.scheme == "https"
        var arguments = [
            // Nobody's .curlrc changes what is asked; this must come first.
            "--disable", "--silent", "--show-error", "--location", "--max-redirs", "10", "--globoff", "--no-buffer",
            "--proto", "=http,https", "--proto-redir", isSecure ? "=https" : "=http,https",
            // Connecting, too, is a stall where nothing happens; half a minute is enough for it in any case.
            "--connect-timeout", String(min(30, inactivitySeconds)),
            "--speed-limit", "1", "--speed-time", String(inactivitySeconds), "--user-agent", "espmask",
            "--dump-header", heads.string,
            // An archive is proven as it is; RFC 9110, 12.5.3 lets a server encode where nothing is said.
            "--header", "Accept-Encoding: identity",
        ]
        if request.offset > 0 {
            arguments += ["--range", "\(request.offset)-"]
            if let validator = request.validator { arguments += ["--header", "If-Range: \(validator)"] }
        }
        return arguments + ["--output", "-", "--url", request.url]
    }

    // curl heeds `http_proxy` in lower case only; people set either.
    private var childEnvironment: [Environment.Key: String] {
        var child: [Environment.Key: String] = [:]
        for (name, value) in environment { child[Environment.Key(stringLiteral: name)] = value }
        if environment["http_proxy"] == nil, let proxy = environment["HTTP_PROXY"] { child["http_proxy"] = proxy }
        child["LC_ALL"] = "C"
        return child
    }

    private static func reason(_ status: TerminationStatus, _ errors: String) -> String {
        // After some errors, advice of many lines follows.
        let lines = errors.split(whereSeparator: \.isNewline)
        let said = (lines.last { $0.hasPrefix("curl: (") } ?? lines.last).map { String($0) } ?? ""
        if status == .exited(28), said.contains("too slow") { return "nothing came any more" }
        guard let colon = said.firstRange(of: ") ") else { return said.isEmpty ? "curl ended with \(status)" : said }
        return String(said[colon.upperBound...])
    }

    /// What stays as it is, however often it is asked. The numbers are those of curl's manual page.
    private static func isFinal(_ status: TerminationStatus, _ reason: String) -> Bool {
        // No scheme that is allowed, no URL, not built into this curl; a circle of redirections; and everything that
        // is wrong with certificates and keys.
        let codes: [CInt] = [1, 3, 4, 47, 53, 54, 58, 59, 60, 66, 77, 80, 82, 83, 90, 91]
        if codes.contains(where: { status == .exited($0) }) { return true }
        // A proxy that refuses to make a tunnel: "CONNECT tunnel failed, response 403".
        guard reason.contains("CONNECT"), let answer = reason.split(separator: " ").compactMap({ Int($0) }).last else {
            return false
        }
        return (400..<500).contains(answer) && answer != 408 && answer != 429
    }
}

/// Where curl writes the heads: a file that has lost its name already, so that nothing is left of it whatever happens.
struct HeadsFile {
    /// A path by which curl, too, can open it.
    let path: FilePath
    /// Where its bytes are.
    let folder: FilePath
    private let file: FileDescriptor
    private let named: ScratchFile?

    init() throws(ToolchainError) {
        let scratch = try ScratchFile(prefix: "espmask-heads")
        folder = scratch.path.removingLastComponent()
        do {
            file = try FileDescriptor.open(scratch.path, .readWrite, options: [.closeOnExec])
        } catch {
            throw .storing(scratch.path, error as? Errno ?? .ioError, .temporary, folder: folder)
        }
        let open = FilePath("/proc/\(getpid())/fd/\(file.rawValue)")
        let isReachable = open.withPlatformString { access($0, W_OK) == 0 }
        if isReachable { scratch.remove() }
        named = isReachable ? nil : scratch
        path = isReachable ? open : scratch.path
    }

    /// Throws `disk-full`, or what else keeps it from being written.
    func check() throws(ToolchainError) {
        do {
            _ = try file.writeAll([UInt8](repeating: 0, count: 1 << 16))
        } catch {
            throw .storing(folder, error as? Errno ?? .ioError, .temporary, folder: folder)
        }
    }

    func close() {
        try? file.close()
        named?.remove()
    }
}

/// A file for the length of one piece of work.
struct ScratchFile {
    let path: FilePath

    init(prefix: String) throws(ToolchainError) {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(folder)/\(prefix)-XXXXXX".utf8CString)
        let file = mkstemp(&template)
        guard file >= 0 else {
            throw .storing(FilePath(folder), Errno(rawValue: errno), .temporary, folder: FilePath(folder))
        }
        close(file)
        path = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    func remove() { _ = path.withPlatformString { unlink($0) } }
}
