// The values that a download is about: what it must come to, how patiently it is tried, what is held of it already, and
// the range that a server says it sends.

/// What a download must come to.
public struct DownloadGoal: Equatable, Sendable {
    /// The name for messages.
    public var name: String
    /// The URLs, the first one first.
    public var urls: [String]
    /// The size in bytes; nil where nobody promised one.
    public var size: Int?
    /// What proves it; nil where nothing does.
    public var digest: Digest?

    /// Makes a goal.
    public init(name: String, urls: [String], size: Int? = nil, digest: Digest? = nil) {
        self.name = name
        self.urls = urls
        self.size = size
        self.digest = digest
    }
}

/// How often and how slowly a download is tried again.
public struct RetryPolicy: Equatable, Sendable {
    /// Attempts without progress, after which it fails.
    public var attempts: Int
    /// The first wait in seconds; it doubles each time.
    public var firstWait: Double
    /// The longest wait in seconds.
    public var longestWait: Double

    /// Makes a policy.
    public init(attempts: Int = 5, firstWait: Double = 1, longestWait: Double = 30) {
        self.attempts = attempts
        self.firstWait = firstWait
        self.longestWait = longestWait
    }
}

/// A part of a file that is there already.
public struct HeldPart: Equatable, Sendable {
    /// Its size in bytes.
    public var bytes: Int
    /// Where it came from.
    public var url: String?
    /// The ETag or date that came with it.
    public var validator: String?

    /// Makes a part.
    public init(bytes: Int, url: String? = nil, validator: String? = nil) {
        self.bytes = bytes
        self.url = url
        self.validator = validator
    }
}

/// `bytes 100-199/200`
struct ContentRange: Equatable {
    var first: Int
    var last: Int
    /// nil for `*`
    var total: Int?

    init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 2, words[0] == "bytes" else { return nil }
        let parts = words[1].split(separator: "/")
        let ends = parts.first?.split(separator: "-") ?? []
        guard parts.count == 2, ends.count == 2, let first = Int(ends[0]), let last = Int(ends[1]), first <= last
        else { return nil }
        if parts[1] != "*" {
            guard let total = Int(parts[1]), total > last else { return nil }
            self.total = total
        }
        self.first = first
        self.last = last
    }
}
