package dev.katran;

import static java.util.Objects.requireNonNull;

import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Something about a balancer's surroundings that packets depend on, see {@link
 * LoadBalancer#diagnose}. Immutable.
 *
 * @since 0.1.0
 */
public final class Finding {

  /**
   * How much a finding matters. More constants may be added: a {@code switch} over this enum needs
   * a {@code default}.
   *
   * @since 0.1.0
   */
  public enum Severity {
    /** Worth knowing. Nothing is wrong. */
    INFO,

    /** Packets may be lost, or are under some conditions. */
    WARNING,

    /** Packets are lost. */
    ERROR
  }

  /**
   * What was looked at. More constants may be added: a {@code switch} over this enum needs a {@code
   * default}.
   *
   * @since 0.1.0
   */
  public enum Check {
    /** Whether the program is attached to its interface, and in which mode. */
    ATTACHMENT,

    /** Whether the surroundings could be looked at. */
    SURROUNDINGS,

    /** Whether a backend has a next hop. */
    NEXT_HOP,

    /** Whether a backend of {@link Forwarding#direct()} is on link. */
    ON_LINK,

    /** Whether the longest packets fit on the way to a backend. */
    MTU,

    /** Whether answers of backends of {@link Forwarding#rewrite()} can pass this host. */
    WAY_BACK,

    /** Whether the host merges packets, or hides parts of them, before the program sees them. */
    OFFLOAD,

    /** Whether the host has the address of a VIP. */
    VIP_ADDRESS
  }

  private final Severity severity;
  private final Check check;
  private final @Nullable VipKey vip;
  private final @Nullable BackendKey backend;
  private final @Nullable String interfaceName;
  private final String text;
  private final @Nullable String command;

  private Finding(
      Severity severity,
      Check check,
      @Nullable VipKey vip,
      @Nullable BackendKey backend,
      @Nullable String interfaceName,
      String text,
      @Nullable String command) {
    this.severity = requireNonNull(severity, "severity");
    this.check = requireNonNull(check, "check");
    this.vip = vip;
    this.backend = backend;
    this.interfaceName = interfaceName;
    this.text = requireNonNull(text, "text");
    this.command = command;
  }

  /** Returns a finding about the balancer as a whole. */
  public static Finding of(Severity severity, Check check, String text) {
    return new Finding(severity, check, null, null, null, text, null);
  }

  /** Returns this finding, about a VIP. */
  public Finding about(VipKey vip) {
    return new Finding(
        severity, check, requireNonNull(vip, "vip"), backend, interfaceName, text, command);
  }

  /** Returns this finding, about a backend. */
  public Finding about(BackendKey backend) {
    return new Finding(
        severity, check, vip, requireNonNull(backend, "backend"), interfaceName, text, command);
  }

  /** Returns this finding, about a network interface of this host. */
  public Finding about(String interfaceName) {
    return new Finding(
        severity,
        check,
        vip,
        backend,
        requireNonNull(interfaceName, "interfaceName"),
        text,
        command);
  }

  /** Returns this finding with the command that mends it. */
  public Finding mendedBy(String command) {
    return new Finding(
        severity, check, vip, backend, interfaceName, text, requireNonNull(command, "command"));
  }

  /** Returns how much it matters. */
  public Severity severity() {
    return severity;
  }

  /** Returns what was looked at. */
  public Check check() {
    return check;
  }

  /** Returns the VIP that it is about; empty if it is about no VIP, or about all. */
  public Optional<VipKey> vip() {
    return Optional.ofNullable(vip);
  }

  /** Returns the backend that it is about. */
  public Optional<BackendKey> backend() {
    return Optional.ofNullable(backend);
  }

  /** Returns the network interface that it is about. */
  public Optional<String> interfaceName() {
    return Optional.ofNullable(interfaceName);
  }

  /** Returns what was found, in words. */
  public String text() {
    return text;
  }

  /**
   * Returns the command that mends it, for a shell on this host; empty if nothing is wrong or no
   * command on this host mends it. A setting of sysctl(8) or ip(8) is lost with the next boot
   * unless it is written down where the distribution keeps such settings.
   */
  public Optional<String> command() {
    return Optional.ofNullable(command);
  }

  @Override
  public boolean equals(Object object) {
    return object instanceof Finding other
        && severity == other.severity
        && check == other.check
        && Objects.equals(vip, other.vip)
        && Objects.equals(backend, other.backend)
        && Objects.equals(interfaceName, other.interfaceName)
        && text.equals(other.text)
        && Objects.equals(command, other.command);
  }

  @Override
  public int hashCode() {
    return Objects.hash(severity, check, vip, backend, interfaceName, text, command);
  }

  /**
   * Returns text such as {@code error: backend 10.0.0.11: no next hop: no route to this
   * destination; run: ip route add 10.0.0.11 via <router>}.
   */
  @Override
  public String toString() {
    return Stream.of(
                severity.name().toLowerCase(Locale.ROOT),
                interfaceName,
                vip == null ? null : vip.toString(),
                backend == null ? null : "backend " + backend,
                text)
            .filter(Objects::nonNull)
            .collect(Collectors.joining(": "))
        + (command == null ? "" : "; run: " + command);
  }
}
