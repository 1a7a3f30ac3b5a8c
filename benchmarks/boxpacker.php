<?php
// Orders packed by BoxPacker: `php boxpacker.php FOLDER < orders.json > counts.json`.
// FOLDER is a checkout of dvdoug/BoxPacker. In: boxes and orders, lengths in mm, masses in g.
// Out: for each order the boxes used, and how long all of it took.
require '/usr/share/php/Psr/Log/autoload.php';
spl_autoload_register(function (string $name) use ($argv) {
    $path = $argv[1] . '/src/' . str_replace('\\', '/', substr($name, strlen('DVDoug\\BoxPacker\\'))) . '.php';
    if (is_file($path)) {
        require $path;
    }
});

use DVDoug\BoxPacker\{Box, Item, Packer, Rotation};

class Carton implements Box
{
    public function __construct(private array $b) {}
    public function getReference(): string { return $this->b[0]; }
    public function getOuterWidth(): int { return $this->b[1]; }
    public function getOuterLength(): int { return $this->b[2]; }
    public function getOuterDepth(): int { return $this->b[3]; }
    public function getEmptyWeight(): int { return $this->b[4]; }
    public function getInnerWidth(): int { return $this->b[5]; }
    public function getInnerLength(): int { return $this->b[6]; }
    public function getInnerDepth(): int { return $this->b[7]; }
    public function getMaxWeight(): int { return $this->b[8]; }
}

class Piece implements Item
{
    public function __construct(private array $p, private bool $flat) {}
    public function getDescription(): string { return 'x'; }
    public function getWidth(): int { return $this->p[0]; }
    public function getLength(): int { return $this->p[1]; }
    public function getDepth(): int { return $this->p[2]; }
    public function getWeight(): int { return $this->p[3]; }
    public function getAllowedRotation(): Rotation { return $this->flat ? Rotation::KeepFlat : Rotation::BestFit; }
}

$asked = json_decode(stream_get_contents(STDIN), true);
$boxes = array_map(fn ($b) => new Carton($b), $asked['boxes']);
$told = [];
$began = hrtime(true);
foreach ($asked['orders'] as $name => $items) {
    $packer = new Packer();
    foreach ($boxes as $box) {
        $packer->addBox($box);
    }
    foreach ($items as [$count, $piece]) {
        $packer->addItem(new Piece($piece, $asked['flat']), $count);
    }
    try {
        $found = [];
        foreach ($packer->pack() as $one) {
            $found[] = $one->box->getReference();
        }
        $told[$name] = $found;
    } catch (Throwable $e) {
        $told[$name] = null;
    }
}
echo json_encode(['orders' => (object) $told, 'seconds' => (hrtime(true) - $began) / 1e9]);
