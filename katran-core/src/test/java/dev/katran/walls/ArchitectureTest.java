package dev.katran.walls;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static dev.katran.walls.Room.ASSEMBLY;
import static dev.katran.walls.Room.CONTROL;
import static dev.katran.walls.Room.HANDLES;
import static dev.katran.walls.Room.KERNEL;
import static dev.katran.walls.Room.MEMORY;
import static dev.katran.walls.Room.PLATFORM;
import static dev.katran.walls.Room.VALUES;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.katran.AttachMode;
import dev.katran.LoadBalancer;
import dev.katran.internal.control.MonotonicClock;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Holds the dependencies between the packages of this module, see {@link Arrows}. */
class ArchitectureTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter().importPath(CodeSources.of(LoadBalancer.class));

  private static final List<Arrows> ARROWS = Arrows.ALL;

  @Test
  void everyClass_isInARoom() {
    assertThat(CLASSES)
        .as("classes that no rule applies to: add their package to Room")
        .filteredOn(each -> !each.getSimpleName().equals("module-info"))
        .filteredOn(each -> roomOf(each).map(ArchitectureTest::hasNoArrows).orElse(true))
        .isEmpty();
  }

  private static boolean hasNoArrows(Room room) {
    return ARROWS.stream().noneMatch(each -> each.from() == room);
  }

  @ParameterizedTest
  @FieldSource("ARROWS")
  void dependencies_areThoseOfTheTable(Arrows arrows) {
    classes()
        .that(in(arrows.from()))
        .should()
        .onlyDependOnClassesThat(
            describe(
                "are of the libraries or in " + arrows.from() + " or " + arrows.to(),
                each -> isLibrary(each) || roomOf(each).map(arrows::allow).orElse(false)))
        .because(arrows.because())
        .check(CLASSES);
  }

  /** Class files do not show them all: the compiler copies the values of constants. */
  @ParameterizedTest
  @FieldSource("ARROWS")
  void imports_areThoseOfTheTable(Arrows arrows) throws IOException {
    assertThat(Imports.ofMainSources())
        .filteredOn(each -> Room.of(each.importer()).equals(Optional.of(arrows.from())))
        .filteredOn(each -> !Room.of(each.imported()).map(arrows::allow).orElse(false))
        .as("imports beyond those of %s, because %s", arrows, arrows.because())
        .isEmpty();
  }

  @Test
  void adapters_areUsedByAssemblyOnly() {
    for (Room adapter : Set.of(KERNEL, MEMORY)) {
      classes()
          .that(in(adapter))
          .should()
          .onlyHaveDependentClassesThat(in(adapter, ASSEMBLY))
          .because("assembly alone knows both dataplanes, and they do not know each other")
          .check(CLASSES);
    }
  }

  @Test
  void platform_usesNoValueButTheAttachMode() {
    noClasses()
        .that(in(PLATFORM))
        .should()
        .dependOnClassesThat(in(VALUES).and(isNot(AttachMode.class)))
        .because("checks of the platform are not concerned with load balancing")
        .check(CLASSES);
  }

  @Test
  void internal_usesNoHandle() {
    noClasses()
        .that()
        .resideInAPackage(Room.INTERNAL + "..")
        .should()
        .dependOnClassesThat(in(HANDLES))
        .because("handles are for applications, and are implemented by the internal packages")
        .check(CLASSES);
  }

  @Test
  void control_readsNoWallClock() {
    noClasses()
        .that(in(CONTROL))
        .and(isNot(MonotonicClock.class))
        .should()
        .callMethod(Instant.class, "now")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(Clock.class)
        .because("windows and drains must not end, or never end, when the wall clock is set")
        .check(CLASSES);
  }

  @Test
  void internal_hasNoCycles() {
    slices()
        .matching(Room.INTERNAL + ".(**)")
        .should()
        .beFreeOfCycles()
        .because("a package can then be read and changed without those that use it")
        .check(CLASSES);
  }

  private static DescribedPredicate<JavaClass> in(Room... rooms) {
    Set<Room> set = Set.of(rooms);
    return describe("are in " + set, each -> roomOf(each).map(set::contains).orElse(false));
  }

  private static DescribedPredicate<JavaClass> isNot(Class<?> type) {
    return describe("are not " + type.getSimpleName(), each -> !each.isEquivalentTo(type));
  }

  private static boolean isLibrary(JavaClass type) {
    String name = type.getBaseComponentType().getName();
    return !name.startsWith(Room.PROJECT + ".");
  }

  private static Optional<Room> roomOf(JavaClass type) {
    return isLibrary(type)
        ? Optional.empty()
        : Room.of(Room.topLevelClass(type.getBaseComponentType().getName()));
  }
}
