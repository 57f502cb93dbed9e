package dev.katran.ffm;

/**
 * A program on an interface's XDP hook, whoever attached it.
 *
 * @param id its number in this kernel, greater than 0
 * @param name its name, of which the kernel keeps 15 characters; empty if the kernel does not tell
 */
public record AttachedProgram(int id, String name) {

  @Override
  public String toString() {
    return "program " + id + (name.isEmpty() ? "" : " (" + name + ")");
  }
}
