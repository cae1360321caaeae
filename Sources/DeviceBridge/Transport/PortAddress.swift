// A PORT as the command line takes it, parsed. Whether anything is there is not asked here.

/// Where a board is.
public enum PortAddress: Equatable, Sendable {
    /// A serial device of this machine.
    case device(path: String)
    /// The one board that is attached.
    case automatic
    /// A virtual board in this process; nil stands for the default board.
    case virtual(board: String?, name: String?)
    /// Plain TCP.
    case socket(host: String, port: UInt16)
    /// TCP with RFC 2217.
    case rfc2217(host: String, port: UInt16)

    /// Parses a PORT: a device path, `auto`, `virtual:[BOARD][#NAME]`, `socket://HOST:PORT` or `rfc2217://HOST:PORT`.
    /// Throws `usage` for anything else.
    public init(_ text: String) throws(DeviceError) {
        if text == "auto" {
            self = .automatic
        } else if let rest = Self.remainder(of: text, after: "virtual:") {
            self = try Self.virtual(rest, text)
        } else if let rest = Self.remainder(of: text, after: "socket://") {
            let (host, port) = try Self.endpoint(rest, text)
            self = .socket(host: host, port: port)
        } else if let rest = Self.remainder(of: text, after: "rfc2217://") {
            let (host, port) = try Self.endpoint(rest, text)
            self = .rfc2217(host: host, port: port)
        } else if text.isEmpty || text.contains("://") {
            throw Self.malformed(text)
        } else {
            self = .device(path: text)
        }
    }

    private static func virtual(_ rest: Substring, _ text: String) throws(DeviceError) -> PortAddress {
        let parts = rest.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let name = parts.count == 2 ? parts[1] : nil
        // Both become a folder's name.
        guard isPlain(parts[0]), name.map({ !$0.isEmpty && isPlain($0) }) ?? true else { throw malformed(text) }
        return .virtual(board: parts[0].isEmpty ? nil : parts[0], name: name)
    }

    private static func isPlain(_ name: String) -> Bool {
        !name.hasPrefix(".")
            && name.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"): true
                case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
                default: false
                }
            }
    }

    /// HOST:PORT, the host in brackets where it is an IPv6 address; what follows a `?` or `/` is refused.
    private static func endpoint(_ rest: Substring, _ text: String) throws(DeviceError) -> (String, UInt16) {
        guard let colon = rest.lastIndex(of: ":"), let port = UInt16(rest[rest.index(after: colon)...]), port > 0
        else { throw malformed(text) }
        var host = rest[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw malformed(text)
        }
        guard !host.isEmpty, !host.contains("/") else { throw malformed(text) }
        return (String(host), port)
    }

    private static func remainder(of text: String, after prefix: String) -> Substring? {
        text.hasPrefix(prefix) ? text.dropFirst(prefix.count) : nil
    }

    private static func malformed(_ text: String) -> DeviceError {
        DeviceError(
            code: "usage", message: "`\(text)` is no port",
            hint: "Use a device path, auto, virtual:[BOARD][#NAME], socket://HOST:PORT or rfc2217://HOST:PORT.")
    }
}

extension PortAddress: CustomStringConvertible {
    /// The text that parses to this address.
    public var description: String {
        switch self {
        case .device(let path): path
        case .automatic: "auto"
        case .virtual(let board, let name): "virtual:\(board ?? "")\(name.map { "#\($0)" } ?? "")"
        case .socket(let host, let port): "socket://\(Self.bracketed(host)):\(port)"
        case .rfc2217(let host, let port): "rfc2217://\(Self.bracketed(host)):\(port)"
        }
    }

    private static func bracketed(_ host: String) -> String {
        host.contains(":") ? "[\(host)]" : host
    }
}
