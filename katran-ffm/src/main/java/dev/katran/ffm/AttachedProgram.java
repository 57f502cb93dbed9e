package dev.katran.ffm;

/**
 * A program on an interface's XDP hook or in an array, put there by this or another process.
 *
 * @param id the kernel's id of the program, greater than 0
 * @param name the first 15 characters of its name; empty if the kernel does not report it
 * @since 0.1.0
 */
public record AttachedProgram(int id, String name) {

  /**
   * Returns a program with its name, which the kernel reports only to processes with CAP_SYS_ADMIN.
   *
   * @param id greater than 0
   */
  public static AttachedProgram of(int id) {
    return new AttachedProgram(id, BpfProgram.nameOf(id));
  }

  @Override
  public String toString() {
    return "program " + id + (name.isEmpty() ? "" : " (" + name + ")");
  }
}
