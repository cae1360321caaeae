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
        let heads = try ScratchFile(prefix: "espmask-heads")
        defer { heads.remove() }
        // A receiver's own error goes through Subprocess as any other and is thrown again as what it was.
        var refusal: ToolchainError?
        var headIsKnown = false
        func tellHead() throws(ToolchainError) {
            guard !headIsKnown else { return }
            headIsKnown = true
            let text = String(decoding: try FileStamp.contents(of: heads.path), as: UTF8.self)
            if let head = ResponseHead(dumped: text) { try receive(.head(head)) }
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
        guard ended.status == .exited(0) else { return .broken(reason: Self.reason(ended.status, ended.errors)) }
        try tellHead()
        return .complete
    }

    private func arguments(for request: DownloadRequest, heads: FilePath) -> [String] {
        let isSecure = request.url.hasPrefix("https://")
        var arguments = [
            // Nobody's .curlrc changes what is asked; this must come first.
            "--disable", "--silent", "--show-error", "--location", "--max-redirs", "10", "--globoff", "--no-buffer",
            "--proto", "=http,https", "--proto-redir", isSecure ? "=https" : "=http,https", "--connect-timeout", "30",
            "--speed-limit", "1", "--speed-time", String(inactivitySeconds), "--user-agent", "espmask",
            "--dump-header", heads.string,
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
        if case .exited(28) = status { return "nothing came any more" }
        let said = errors.split(whereSeparator: \.isNewline).last.map { String($0) } ?? ""
        guard let colon = said.firstRange(of: ") ") else { return said.isEmpty ? "curl ended with \(status)" : said }
        return String(said[colon.upperBound...])
    }
}

/// A file for the length of one piece of work.
struct ScratchFile {
    let path: FilePath

    init(prefix: String) throws(ToolchainError) {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(folder)/\(prefix)-XXXXXX".utf8CString)
        let file = mkstemp(&template)
        guard file >= 0 else { throw .unwritable(path: FilePath(folder), Errno(rawValue: errno)) }
        close(file)
        path = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    func remove() { _ = path.withPlatformString { unlink($0) } }
}
