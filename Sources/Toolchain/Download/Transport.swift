// How bytes are fetched, as one closure type: a request goes in, a head and pieces of the body come out, and at the end
// stands whether all of it came. Retrying, resuming and checking are not its business.

public import SystemPackage

/// What is asked for.
public struct DownloadRequest: Equatable, Sendable {
    /// The URL, already that of a mirror.
    public var url: String
    /// From which byte on; 0 asks for everything.
    public var offset: Int
    /// The ETag or date that must still be the file's for the offset to count.
    public var validator: String?

    /// Makes a request.
    public init(url: String, offset: Int = 0, validator: String? = nil) {
        self.url = url
        self.offset = offset
        self.validator = validator
    }
}

extension DownloadRequest {
    /// What stands before `://`, in lower case; empty where there is none.
    var scheme: String { url.firstRange(of: "://").map { url[..<$0.lowerBound].lowercased() } ?? "" }
    /// Whether no network is asked.
    var isLocal: Bool { scheme == "file" }
}

/// The head of an answer, after redirections.
public struct ResponseHead: Equatable, Sendable {
    /// The HTTP status.
    public var status: Int
    /// The header fields, names in lower case.
    public var fields: [String: String]

    /// Makes a head.
    public init(status: Int, fields: [String: String] = [:]) {
        self.status = status
        self.fields = fields
    }

    /// Reads the last block of what `curl --dump-header` wrote; those before it are of redirections and proxies.
    init?(dumped text: String) {
        var head: ResponseHead?
        for line in text.split(omittingEmptySubsequences: true, whereSeparator: \.isNewline) {
            if line.hasPrefix("HTTP/") {
                let words = line.split(separator: " ")
                head = words.count > 1 ? Int(words[1]).map { ResponseHead(status: $0) } : nil
            } else if let colon = line.firstIndex(of: ":") {
                let name = line[..<colon].lowercased()
                head?.fields[name] = String(line[line.index(after: colon)...]).trimmed
            }
        }
        guard let head else { return nil }
        self = head
    }
}

/// What arrives, in order: one head, then pieces of the body.
public enum TransportEvent {
    /// The head.
    case head(ResponseHead)
    /// Some bytes of the body, valid during the call.
    case bytes(UnsafeRawBufferPointer)
}

/// How a transfer ended.
public enum TransportEnd: Equatable, Sendable {
    /// Everything that the answer promised came.
    case complete
    /// It broke off; another attempt may do better.
    case broken(reason: String)
    /// It cannot be had that way, however often it is tried.
    case impossible(reason: String)
}

/// Fetches; what the receiver throws ends the transfer and is thrown on.
public typealias Transport =
    @Sendable (
        _ request: DownloadRequest, _ receive: (TransportEvent) throws(ToolchainError) -> Void
    ) async throws(ToolchainError) -> TransportEnd

/// The transports there are.
public enum Transports {
    /// By the URL's scheme: curl for `http` and `https`, the file itself for `file`.
    public static func standard(
        environment: [String: String], inactivityLimit seconds: Int = 60
    ) -> Transport {
        let curl = CurlTransport(environment: environment, inactivitySeconds: seconds)
        return { request, receive throws(ToolchainError) in
            switch request.scheme {
            case "file": return try FileTransport.fetch(request, receive)
            case "http", "https": return try await curl.fetch(request, receive)
            case _: return .impossible(reason: "it is no URL of http, https or file")
            }
        }
    }

    /// Has nothing: for work that must do with what a folder holds.
    public static func offline(folder: FilePath) -> Transport {
        { request, _ throws(ToolchainError) in
            throw .install(.bundleIncomplete(folder: folder, archive: ManifestNames.fileName(ofURL: request.url)))
        }
    }
}

/// Reads `file://` URLs.
enum FileTransport {
    static func fetch(
        _ request: DownloadRequest, _ receive: (TransportEvent) throws(ToolchainError) -> Void
    ) throws(ToolchainError) -> TransportEnd {
        // `file://localhost/` and `file:///` are the same (RFC 8089).
        let place = request.url.dropFirst("file://".count)
        let path = FilePath(decoded(String(place.hasPrefix("localhost/") ? place.dropFirst("localhost".count) : place)))
        guard let stamp = FileStamp.of(path), !FileStamp.isDirectory(path) else {
            return .impossible(reason: "there is no such file")
        }
        guard request.offset == 0 || request.offset < stamp.size else {
            try receive(.head(ResponseHead(status: 416, fields: ["content-range": "bytes */\(stamp.size)"])))
            return .complete
        }
        let file: FileDescriptor
        do {
            file = try FileDescriptor.open(path, .readOnly)
            try file.seek(offset: Int64(request.offset), from: .start)
        } catch {
            return .impossible(reason: "it cannot be read: \(error)")
        }
        defer { try? file.close() }
        let head =
            request.offset > 0
            ? ResponseHead(
                status: 206, fields: ["content-range": "bytes \(request.offset)-\(stamp.size - 1)/\(stamp.size)"])
            : ResponseHead(status: 200, fields: ["content-length": "\(stamp.size)"])
        try receive(.head(head))
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count: Int
            do {
                count = try file.read(into: buffer)
            } catch {
                return .broken(reason: "\(path): \(error)")
            }
            if count == 0 { return .complete }
            try receive(.bytes(UnsafeRawBufferPointer(rebasing: buffer[..<count])))
        }
    }

    // `%20` and its like.
    private static func decoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
